/** Kernels of a workgroup per channel: its sums are there when it needs them, and always have the same order. */
import type { Use } from './kernel.ts'
import { padded } from './extents.ts'
import type { Plan } from './plan.ts'
import { REDUCED, reduction } from './reduction.ts'

/** Added to a variance, as PyTorch does. */
export const TINY = 1e-5

/** [channel][place][stride]. */
export interface Channels {
  readonly channels: number
  /** Places × stride. */
  readonly width: number
  readonly stride: number
}

/** A statement for every value `i` of the channel that belongs to an example, and one for those of padding. */
export const forEach = (statement: string, inPadding = '') => `for (var i = first + lane; i < end; i += ${REDUCED}u) {
    if (i % stride < step.count) { ${statement} }${inPadding && ` else { ${inPadding} }`}
  }`

/** A kernel of a workgroup per channel `c`, whose values are `first` to `end` − 1 and `n` of them belong to examples. */
export function overChannels(
  plan: Plan,
  name: string,
  { channels, width, stride }: Channels,
  { uses, main }: { readonly uses: Readonly<Record<string, Use>>; readonly main: string },
): void {
  plan.run({
    ...{ name, uses, workgroup: [REDUCED, 1, 1], groups: [padded(channels), 1, 1] },
    declarations: `const stride = ${stride}u;\n${reduction}`,
    main: `  let c = group.x;
  // those behind the last one have no values
  let isChannel = c < ${channels}u;
  let first = c * ${width}u;
  let end = select(first, first + ${width}u, isChannel);
  let n = f32(step.count) * ${width / stride}.0;
${main}`,
  })
}
