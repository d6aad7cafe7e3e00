/** Random nodes of the operators that move a window over an image, or extend it. */
import type { Draft } from './random-draft.testing.ts'
import type { Generator } from './random-graph.testing.ts'

const isImage = ({ shape }: { readonly shape: readonly number[] }) => shape.length >= 3

const each = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw)

/** Strides, dilations and padding for a window over so many axes; each may be left out. */
export function movement(draft: Draft, axes: number, dilates: boolean) {
  const automatic = draft.once(3) ? draft.pick(['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER']) : undefined
  const padded = automatic === undefined || automatic === 'NOTSET'
  return {
    ...(draft.once(2) && { strides: each(axes, () => 1 + draft.below(3)) }),
    ...(dilates && draft.once(3) && { dilations: each(axes, () => 1 + draft.below(2)) }),
    ...(automatic && { auto_pad: automatic }),
    ...(padded && draft.once(2) && { pads: each(2 * axes, () => draft.below(3)) }),
  }
}

function conv(draft: Draft): void {
  const { name, shape } = draft.value(isImage)
  const [, channels, ...image] = shape as [number, number, ...number[]]
  const group = draft.pick([1, 1, channels, 2].filter((n) => channels % n === 0))
  const kernel = image.map((size) => 1 + draft.below(Math.min(size, 3)))
  const outputs = group * (1 + draft.below(3))
  const inputs = [name, draft.constant([outputs, channels / group, ...kernel]).name]
  if (draft.once(2)) inputs.push(draft.constant([outputs]).name)
  draft.emit('Conv', inputs, {
    ...movement(draft, image.length, true),
    ...((group > 1 || draft.once(4)) && { group }),
    ...(draft.once(3) && { kernel_shape: kernel }),
  })
}

function averagePool(draft: Draft): void {
  const { name, shape } = draft.value(isImage)
  const image = shape.slice(2)
  draft.emit('AveragePool', [name], {
    kernel_shape: image.map((size) => 1 + draft.below(Math.min(size, 3))),
    ...movement(draft, image.length, draft.opset >= 19),
    ...(draft.once(3) && { count_include_pad: draft.below(2) }),
    ...(draft.opset >= 10 && draft.once(3) && { ceil_mode: draft.below(2) }),
  })
}

function pad(draft: Draft): void {
  const { name, shape } = draft.value(({ shape: { length } }) => length > 0)
  const some = draft.opset >= 18 && draft.once(3)
  const axes = some ? draft.shuffled([...shape.keys()]).slice(draft.below(shape.length)) : [...shape.keys()]
  const ends = axes.map((axis) => (draft.once(4) && shape[axis] > 2 ? -1 : draft.below(3)))
  const pads = [...axes.map((_, i) => (ends[i] < 0 ? 0 : draft.below(3))), ...ends]
  const mode = draft.once(4)
    ? { mode: draft.pick(['constant', 'reflect', 'edge', ...(draft.opset >= 19 ? ['wrap'] : [])]) }
    : {}
  if (draft.opset < 11) return void draft.emit('Pad', [name], { pads, ...mode, ...(draft.once(2) && { value: -0.5 }) })
  const inputs: (string | undefined)[] = [name, draft.wholeNumbers(pads)]
  if (some || draft.once(2)) inputs.push(draft.once(3) ? undefined : draft.constant([], () => 0.75).name)
  if (some) inputs.push(draft.wholeNumbers(axes.map((axis) => (draft.once(2) ? axis - shape.length : axis))))
  draft.emit('Pad', inputs, mode)
}

export const windowGenerators: Readonly<Record<string, Generator>> = {
  AveragePool: averagePool,
  Conv: conv,
  GlobalAveragePool: (draft) => draft.emit('GlobalAveragePool', [draft.value(isImage).name]),
  Pad: pad,
}
