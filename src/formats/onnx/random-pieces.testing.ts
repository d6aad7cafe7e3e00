/** Random nodes of the operators that are made of ReLUs. */
import type { Draft, Known } from './random-draft.testing.ts'
import type { Generator } from './random-graph.testing.ts'
import { reduction, several } from './random-sums.testing.ts'
import { movement } from './random-windows.testing.ts'

const isImage = ({ shape }: Known) => shape.length >= 3
const unary =
  (operator: string, attributes: (draft: Draft) => Record<string, number> = () => ({})): Generator =>
  (draft) =>
    draft.emit(operator, [draft.value().name], attributes(draft))

function pRelu(draft: Draft): void {
  const { name, shape } = draft.value()
  const slopes =
    draft.opset < 9 ? shape : shape.slice(draft.below(shape.length + 1)).map((size) => (draft.once(3) ? 1 : size))
  draft.emit('PRelu', [name, draft.constant(slopes).name])
}

/** Now and then with ends that are missing, infinite or the wrong way round. */
function clip(draft: Draft): void {
  const { name } = draft.value()
  const [min, max] = [draft.pick([-1, -0.25, 0, 0.5]), draft.pick([-0.5, 0, 0.25, 1])]
  const [low, high] = [!draft.once(4), !draft.once(4)]
  if (draft.opset < 11) return void draft.emit('Clip', [name], { ...(low && { min }), ...(high && { max }) })
  const end = (given: boolean, value: number) => (given ? draft.constant([], () => value).name : undefined)
  const upper = end(high, draft.once(5) ? Infinity : max)
  draft.emit('Clip', [name, end(low, draft.once(5) ? -Infinity : min), ...(upper ? [upper] : [])])
}

function maxPool(draft: Draft): void {
  const { name, shape } = draft.value(isImage)
  const image = shape.slice(2)
  draft.emit('MaxPool', [name], {
    kernel_shape: image.map((size) => 1 + draft.below(Math.min(size, 3))),
    ...movement(draft, image.length, draft.opset >= 10),
    ...(draft.opset >= 10 && draft.once(3) && { ceil_mode: draft.below(2) }),
    ...(draft.opset >= 8 && draft.once(5) && { storage_order: draft.below(2) }),
  })
}

/** A choice whose branches meet where the condition changes. */
function where(draft: Draft): void {
  const { name } = draft.value()
  const bound = draft.constant([]).name
  const least = draft.opset < 12 ? ['Greater', 'Less'] : ['Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual']
  const condition = draft.emit(draft.pick(least), draft.shuffled([name, bound]))
  const turned = draft.once(3) ? draft.emit('Not', [condition]) : condition
  const shifted = draft.emit('Sub', [name, bound])
  const bent = draft.emit('Mul', [shifted, draft.constant([]).name])
  const branches = draft.pick([
    [shifted, bent],
    [name, bound],
  ])
  draft.emit('Where', [turned, ...draft.shuffled(branches)])
}

/** By a constant condition. */
function choose(draft: Draft): void {
  if (draft.opset < 9) return clip(draft)
  const { name, shape } = draft.value()
  const some = shape.slice(draft.below(shape.length + 1))
  const condition = draft.emit('Cast', [draft.constant(some, () => draft.below(2)).name], { to: 9 })
  draft.emit('Where', [condition, ...draft.shuffled([name, draft.constant(some).name])])
}

export const pieceGenerators: Readonly<Record<string, Generator>> = {
  Abs: unary('Abs'),
  Clip: clip,
  GlobalMaxPool: (draft) => draft.emit('GlobalMaxPool', [draft.value(isImage).name]),
  HardSigmoid: unary('HardSigmoid', (draft) =>
    draft.once(2) ? {} : { alpha: draft.pick([-0.5, 0.25, 1]), beta: 0.25 },
  ),
  LeakyRelu: unary('LeakyRelu', (draft) => (draft.once(2) ? {} : { alpha: draft.pick([-1, 0, 0.5, 2]) })),
  Max: several('Max'),
  MaxPool: maxPool,
  Min: several('Min'),
  PRelu: pRelu,
  ReduceMax: reduction('ReduceMax', 18),
  ReduceMin: reduction('ReduceMin', 18),
  Where: (draft) => (draft.opset >= 9 && draft.once(2) ? where(draft) : choose(draft)),
}
