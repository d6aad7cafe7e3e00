/** A random node of every operator that is imported: inputs, attributes and outputs in all the forms it has had. */
import type { Draft, Known } from './random-draft.testing.ts'
import { pieceGenerators } from './random-pieces.testing.ts'
import { placementGenerators } from './random-placement.testing.ts'
import { batchNormalization, binary, gemm, matMul } from './random-products.testing.ts'
import { sumGenerators } from './random-sums.testing.ts'
import { windowGenerators } from './random-windows.testing.ts'
import type { Generator } from './random-graph.testing.ts'
import { elementsOf } from './shape.ts'

function concat(draft: Draft): void {
  const first = draft.value(({ shape: { length } }) => length > 0)
  const axis = draft.axis(first.shape.length)
  const at = axis < 0 ? axis + first.shape.length : axis
  const sized = (size: number) => first.shape.map((own, i) => (i === at ? size : own))
  const fits = ({ shape }: Known) =>
    shape.length === first.shape.length && shape.every((size, i) => i === at || size === first.shape[i])
  const others = Array.from({ length: draft.below(3) }, () =>
    draft.once(2) ? draft.constant(sized(draft.below(3))) : draft.value(fits),
  )
  draft.emit(
    'Concat',
    draft.shuffled([first, ...others]).map(({ name }) => name),
    { axis },
  )
}

function constant(draft: Draft): void {
  const forms = [
    () => draft.emit('Constant', [], { value_float: 1.5 }),
    () =>
      draft.emit('Constant', [], {
        value_floats: Array.from({ length: draft.below(3) + 1 }, () => draft.below(9) / 4),
      }),
  ]
  const made =
    draft.opset >= 12 && draft.once(2)
      ? { name: draft.pick(forms)(), shape: [1] }
      : draft.constant(draft.pick([[], [1], draft.value().shape]))
  draft.emit('Add', [draft.value().name, made.name])
}

function dropout(draft: Draft): void {
  const { name } = draft.value()
  const ratio = draft.once(2) ? 0.25 : 0.5
  const outputs = 1 + draft.below(2)
  if (draft.opset < 12) return void draft.emit('Dropout', [name], draft.once(2) ? { ratio } : {}, outputs)
  const training = draft.once(2) ? [draft.truth(draft.once(4))] : []
  const given = draft.once(2)
    ? [draft.constant([], () => ratio).name, ...training]
    : training.length
      ? [undefined, ...training]
      : []
  draft.emit('Dropout', [name, ...given], draft.once(2) ? { seed: 3 } : {}, outputs)
}

function flatten(draft: Draft): void {
  const { name, shape } = draft.operand()
  const axis = draft.below(2 * shape.length + 1) - shape.length
  draft.emit('Flatten', [name], draft.once(5) ? {} : { axis })
}

/** Of values, and of shapes and other constants. */
function gather(draft: Draft): void {
  if (draft.once(2)) {
    const list = draft.constant([1 + draft.below(4)])
    const indices = Array.from({ length: draft.value().shape.at(-1) ?? 1 }, () => draft.axis(elementsOf(list.shape)))
    const made = draft.emit('Gather', [list.name, draft.wholeNumbers(indices)], draft.once(2) ? { axis: 0 } : {})
    return void draft.emit('Mul', [draft.value().name, made])
  }
  const data = draft.value(({ shape: { length } }) => length > 0)
  const axis = draft.axis(data.shape.length)
  const attributes = draft.once(3) ? {} : { axis }
  const count = data.shape.at(attributes.axis ?? 0)!
  const indices = Array.from({ length: 1 + draft.below(3) }, () => draft.axis(count))
  draft.emit(
    'Gather',
    [data.name, draft.once(3) ? draft.wholeNumber(indices[0]) : draft.wholeNumbers(indices)],
    attributes,
  )
}

/** Factors of a number in random order, some of them 1. */
function factors(draft: Draft, product: number): number[] {
  const made: number[] = []
  for (let rest = product; rest > 1; rest /= made.at(-1)!) {
    made.push(draft.pick([2, 3, 4, 5, 6, 7, rest].filter((n) => rest % n === 0)))
  }
  return draft.shuffled([...made, ...Array.from({ length: draft.below(3) }, () => 1)])
}

function reshape(draft: Draft): void {
  const { name, shape } = draft.operand()
  const target = factors(draft, elementsOf(shape))
  target.forEach((size, i) => shape[i] === size && draft.once(2) && (target[i] = 0))
  if (target.length > 0 && draft.once(2)) target[draft.below(target.length)] = -1
  const allowzero = draft.opset >= 14 && draft.once(3) ? { allowzero: draft.below(2) } : {}
  draft.emit('Reshape', [name, draft.wholeNumbers(target)], allowzero)
}

/** Of a shape that is taken apart and put together again: the value's own with a −1. */
function shapeOf(draft: Draft): void {
  const { name, shape } = draft.value(({ shape: { length } }) => length > 0)
  const span = () => draft.below(2 * shape.length + 3) - shape.length - 1
  const attributes =
    draft.opset >= 15 ? { ...(draft.once(2) && { start: span() }), ...(draft.once(2) && { end: span() }) } : {}
  const made = draft.emit('Shape', [name], attributes)
  const ending = draft.emit('Concat', [made, draft.wholeNumbers([-1])], { axis: 0 })
  draft.emit('Reshape', [name, ending])
}

/** Axes as an attribute before opset 13, as an input from there on. */
function withAxes(draft: Draft, operator: string, name: string, axes: readonly number[]): void {
  if (draft.opset < 13) draft.emit(operator, [name], { axes })
  else draft.emit(operator, [name, draft.wholeNumbers(axes)])
}

function squeeze(draft: Draft): void {
  const { name, shape } = draft.value()
  const ones = [...shape.keys()].filter((i) => shape[i] === 1)
  if (draft.once(3) || (ones.length === 0 && !draft.once(9))) return void draft.emit('Squeeze', [name])
  const axes = draft.shuffled(ones).slice(draft.below(ones.length))
  withAxes(
    draft,
    'Squeeze',
    name,
    axes.map((axis) => (draft.once(2) ? axis - shape.length : axis)),
  )
}

function unsqueeze(draft: Draft): void {
  const { name, shape } = draft.operand()
  const rank = shape.length + 1 + draft.below(2)
  const axes = draft.shuffled(Array.from({ length: rank }, (_, i) => i)).slice(shape.length)
  withAxes(
    draft,
    'Unsqueeze',
    name,
    axes.map((axis) => (draft.once(2) ? axis - rank : axis)),
  )
}

function transpose(draft: Draft): void {
  const { name, shape } = draft.operand()
  draft.emit('Transpose', [name], draft.once(4) ? {} : { perm: draft.shuffled([...shape.keys()]) })
}

/** To another type and back: constants are rounded by it. */
function cast(draft: Draft): void {
  const [FLOAT, INT32, INT64, DOUBLE] = [1, 6, 7, 11]
  const constantly = draft.once(2)
  const operand = constantly ? draft.constant([1 + draft.below(3)]) : draft.value()
  const other = draft.emit('Cast', [operand.name], {
    to: draft.pick(constantly ? [INT32, INT64, DOUBLE] : [DOUBLE, FLOAT]),
  })
  const back = draft.emit('Cast', [other], { to: FLOAT })
  if (constantly) draft.emit('Mul', [draft.value(({ shape }) => shape.length === 0 || shape.at(-1) === 1).name, back])
}

export const generators: Readonly<Record<string, Generator>> = {
  ...windowGenerators,
  ...placementGenerators,
  ...sumGenerators,
  ...pieceGenerators,
  Add: binary('Add'),
  BatchNormalization: batchNormalization,
  Cast: cast,
  Concat: concat,
  Constant: constant,
  Div: binary('Div'),
  Dropout: dropout,
  Flatten: flatten,
  Gather: gather,
  Gemm: gemm,
  Identity: (draft) => draft.emit('Identity', [draft.operand().name]),
  MatMul: matMul,
  Mul: binary('Mul'),
  Relu: (draft) => draft.emit('Relu', [draft.value().name]),
  Reshape: reshape,
  Shape: shapeOf,
  Squeeze: squeeze,
  Sub: binary('Sub'),
  Transpose: transpose,
  Unsqueeze: unsqueeze,
}
