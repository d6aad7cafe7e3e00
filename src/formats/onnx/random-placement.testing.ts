/** Random nodes of the operators that choose, copy and order elements. */
import type { Draft, Known } from './random-draft.testing.ts'
import type { Generator } from './random-graph.testing.ts'

const each = <T>(count: number, draw: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => draw(i))
const hasRank = ({ shape }: Known) => shape.length > 0
const isImage = ({ shape }: Known) => shape.length === 4

function slice(draft: Draft): void {
  const { name, shape } = draft.value(hasRank)
  const axes = draft.shuffled([...shape.keys()]).slice(draft.below(shape.length))
  const end = (axis: number) =>
    draft.pick([draft.below(2 * shape[axis] + 4) - shape[axis] - 2, 2 ** 31 - 1, -(2 ** 31 - 1)])
  const starts = axes.map((axis) => draft.below(2 * shape[axis] + 2) - shape[axis] - 1)
  const ends = axes.map(end)
  const signed = axes.map((axis) => (draft.once(2) ? axis - shape.length : axis))
  if (draft.opset < 10)
    return void draft.emit('Slice', [name], {
      starts,
      ends,
      axes: signed.map((axis) => (axis + shape.length) % shape.length),
    })
  const inputs = [starts, ends, signed, ...(draft.once(2) ? [axes.map(() => draft.pick([-2, -1, 1, 2, 3]))] : [])]
  draft.emit('Slice', [name, ...inputs.map((list) => draft.wholeNumbers(list))])
}

function split(draft: Draft): void {
  const { name, shape } = draft.value(hasRank)
  const axis = draft.axis(shape.length)
  const size = shape.at(axis)!
  const count = 1 + draft.below(Math.min(3, size))
  const sizes = each(count, (i) => (i === 0 ? size - count + 1 : 1))
  const given = draft.once(2)
  if (draft.opset < 13)
    return void draft.emit('Split', [name], { axis, ...(given && { split: draft.shuffled(sizes) }) }, count)
  if (given) return void draft.emit('Split', [name, draft.wholeNumbers(draft.shuffled(sizes))], { axis }, count)
  draft.emit('Split', [name], { axis, ...(draft.opset >= 18 && { num_outputs: count }) }, count)
}

function gatherElements(draft: Draft): void {
  if (draft.opset < 11) return void slice(draft)
  const { name, shape } = draft.value(hasRank)
  const axis = draft.axis(shape.length)
  const at = (axis + shape.length) % shape.length
  const dims = shape.map((size, i) => (i === at ? 1 + draft.below(3) : 1 + draft.below(size)))
  const indices = each(
    dims.reduce((a, b) => a * b, 1),
    () => draft.axis(shape[at]),
  )
  draft.emit('GatherElements', [name, draft.wholeNumbers(indices, dims)], { axis })
}

function gatherND(draft: Draft): void {
  if (draft.opset < 11) return void slice(draft)
  const { name, shape } = draft.value(hasRank)
  const depth = 1 + draft.below(shape.length)
  const count = 1 + draft.below(3)
  const indices = each(count * depth, (i) => draft.axis(shape[i % depth]))
  draft.emit('GatherND', [name, draft.wholeNumbers(indices, draft.once(2) ? [count, depth] : [1, count, depth])])
}

function expand(draft: Draft): void {
  if (draft.opset < 8) return void slice(draft)
  const { name, shape } = draft.operand()
  const target = shape
    .map((size) => (size === 1 ? 1 + draft.below(3) : draft.once(2) ? 1 : size))
    .slice(draft.below(shape.length + 1))
  if (draft.once(3)) target.unshift(...each(shape.length - target.length, () => 1), 1 + draft.below(2))
  draft.emit('Expand', [name, draft.wholeNumbers(target)])
}

function tile(draft: Draft): void {
  const { name, shape } = draft.value(hasRank)
  draft.emit('Tile', [name, draft.wholeNumbers(shape.map(() => 1 + draft.below(2)))])
}

function blocks(draft: Draft): void {
  const { name, shape } = draft.value(isImage)
  const [, channels, height, width] = shape as [number, number, number, number]
  const pads = [0, 0, 0, 0, 0, 0, height % 2, width % 2]
  const more = [0, 0, 0, 0, 0, (4 - (channels % 4)) % 4, 0, 0]
  const padded = (list: readonly number[]) =>
    draft.opset < 11 ? draft.emit('Pad', [name], { pads: list }) : draft.emit('Pad', [name, draft.wholeNumbers(list)])
  if (draft.once(2)) return void draft.emit('SpaceToDepth', [padded(pads)], { blocksize: 2 })
  const mode = draft.opset >= 11 && draft.once(2) ? { mode: draft.pick(['DCR', 'CRD']) } : {}
  draft.emit('DepthToSpace', [padded(more)], { blocksize: 2, ...mode })
}

const modes = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric']

function resize(draft: Draft): void {
  const { name, shape } = draft.value(isImage)
  const scales = shape.map((_, i) => (i < 2 ? 1 : draft.pick([0.5, 0.7, 1, 1.3, 1.5, 2, 2.5, 3])))
  const constant = () => draft.constant([4], listed(scales)).name
  if (draft.opset < 9) return void draft.emit('Upsample', [name], { scales: scales.map((scale) => Math.max(1, scale)) })
  if (draft.opset === 9)
    return void draft.emit('Upsample', [name, draft.constant([4], listed(scales.map((s) => Math.max(1, s)))).name])
  if (draft.opset === 10) return void draft.emit('Resize', [name, constant()])
  const attributes = {
    ...(draft.once(4)
      ? {}
      : { coordinate_transformation_mode: draft.pick(draft.opset < 19 ? modes : [...modes, 'half_pixel_symmetric']) }),
    ...(draft.once(4)
      ? {}
      : { nearest_mode: draft.pick(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']) }),
  }
  const region = draft.opset < 13 ? draft.constant([0]).name : undefined
  const sizes = shape.map((size, i) => (i < 2 ? size : 1 + draft.below(7)))
  if (draft.once(2)) return void draft.emit('Resize', [name, region, constant()], attributes)
  draft.emit(
    'Resize',
    [name, region, draft.opset < 13 ? draft.constant([0]).name : undefined, draft.wholeNumbers(sizes)],
    attributes,
  )
}

/** 0, 1, 2 and so on. */
function listed(numbers: readonly number[]): () => number {
  let i = 0
  return () => numbers[i++]
}

export const placementGenerators: Readonly<Record<string, Generator>> = {
  DepthToSpace: blocks,
  Expand: expand,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Resize: resize,
  Slice: slice,
  SpaceToDepth: blocks,
  Split: split,
  Tile: tile,
}
