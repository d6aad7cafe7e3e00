/** Kernels of a workgroup per channel: its sums are there when it needs them, and always have the same order. */
import type { Use } from './kernel.ts'
import { padded } from './extents.ts'
import type { Plan } from './plan.ts'
import { summing } from './reduction.ts'

/** Added to a variance, as PyTorch does. */
export const TINY = 1e-5

/** [channel][place][stride]. */
export interface Channels {
  readonly channels: number
  /** Places × stride. */
  readonly width: number
  readonly stride: number
}

/** Statements for every four values `i` of the channel, of which those that are `real` belong to examples. */
export const forEach = (statements: string) => `for (var i = first + lane; i < end; i += TEAM) {
    let real = vec4u(0u, 1u, 2u, 3u) + 4u * (i % fours) < vec4u(step.count);
    ${statements}
  }`

/**
 * A kernel of a workgroup per channel `c`, whose values, four by four, are `first` to `end` − 1; `n` single ones of them
 * belong to examples.
 */
export function overChannels(
  plan: Plan,
  name: string,
  { channels, width, stride }: Channels,
  { uses, main }: { readonly uses: Readonly<Record<string, Use>>; readonly main: string },
): void {
  plan.run({
    ...{ name, uses, groups: [padded(channels), 1, 1] },
    ...summing(
      plan,
      `const fours = ${stride / 4}u;
fn total(x: vec4f, lane: u32) -> f32 { return sumOf(x.x + x.y + (x.z + x.w), lane); }`,
    ),
    main: `  let c = group.x;
  // those behind the last one have no values
  let isChannel = c < ${channels}u;
  let first = c * ${width / 4}u;
  let end = select(first, first + ${width / 4}u, isChannel);
  let n = f32(step.count) * ${width / stride}.0;
${main}`,
  })
}

/** Mean and Σ (z − mean)² of the channel. */
export const spread = `  var sum = vec4f();
  ${forEach('sum += select(vec4f(), z[i], real);')}
  let mean = total(sum, lane) / n;
  var squares = vec4f();
  ${forEach('let d = select(vec4f(), z[i] - mean, real); squares = fma(d, d, squares);')}
  let spread = total(squares, lane);`
