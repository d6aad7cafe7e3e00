/** A random node of every operator that is imported: inputs, attributes and outputs in all the forms it has had. */
import type { Draft, Known } from './random-draft.testing.ts'
import { pieceGenerators } from './random-pieces.testing.ts'
import { placementGenerators } from './random-placement.testing.ts'
import { sumGenerators } from './random-sums.testing.ts'
import { windowGenerators } from './random-windows.testing.ts'
import type { Generator } from './random-graph.testing.ts'
import { elementsOf } from './shape.ts'

/** A shape that broadcasts with this one, of any rank. */
function broadcastable(draft: Draft, shape: readonly number[]): number[] {
  const made = shape.slice(draft.below(shape.length + 1)).map((size) => (draft.once(4) ? 1 : size))
  if (draft.once(4)) made.forEach((size, i) => size === 1 && (made[i] = 1 + draft.below(3)))
  if (draft.once(4)) made.unshift(...Array.from({ length: shape.length - made.length }, () => 1))
  if (draft.once(6)) made.unshift(...Array.from({ length: 1 + draft.below(2) }, () => 1 + draft.below(2)))
  return made
}

const binary =
  (operator: string): Generator =>
  (draft) => {
    const a = draft.operand()
    const shape = broadcastable(draft, a.shape)
    const nonzero = () => draft.pick([-4, -2, -1, -0.5, 0.5, 1, 2, 3])
    const sameShape = ({ shape: other }: Known) => other.join() === a.shape.join()
    const b = draft.once(4)
      ? draft.value(sameShape)
      : operator === 'Div'
        ? draft.constant(shape, nonzero)
        : draft.constant(shape)
    const swapped = operator !== 'Div' && draft.once(2)
    draft.emit(operator, swapped ? [b.name, a.name] : [a.name, b.name])
  }

function batchNormalization(draft: Draft): void {
  const { name, shape } = draft.value(({ shape: { length } }) => length > 0)
  const channels = [shape[1] ?? 1]
  const parameters = [draft.constant(channels), draft.constant(channels), draft.constant(channels)]
  const variance = draft.constant(channels, () => draft.pick([0.25, 1, 2, 4]))
  const attributes = {
    ...(draft.once(2) && { epsilon: draft.pick([0.001, 0.25]) }),
    ...(draft.once(4) && { momentum: 0.5 }),
    ...(draft.opset < 9 && draft.once(2) && { spatial: draft.below(2) }),
    ...(draft.opset >= 14 && draft.once(3) && { training_mode: draft.below(2) }),
  }
  const outputs = draft.once(3) ? 1 + draft.below(draft.opset < 14 ? 5 : 3) : 1
  draft.emit('BatchNormalization', [name, ...parameters.map((p) => p.name), variance.name], attributes, outputs)
}

function gemm(draft: Draft): void {
  const value = draft.value(({ shape }) => shape.length === 2)
  const [height, width] = value.shape as [number, number]
  const [turnValue, turnConstant] = [draft.below(2), draft.below(2)]
  const other = 1 + draft.below(4)
  const matrix = (rows: number, columns: number) => draft.constant(turnConstant ? [columns, rows] : [rows, columns])
  const onLeft = draft.once(3)
  const [rows, columns] = turnValue ? [width, height] : [height, width]
  const [a, b] = onLeft ? [matrix(other, rows), value] : [value, matrix(columns, other)]
  const product = onLeft ? [other, columns] : [rows, other]
  const fits = ({ shape }: Known) => shape.join() === product.join()
  const c = draft.pick([
    () => [],
    () => [undefined],
    () => [draft.constant(draft.pick([[], [1], [product[1]], [1, 1], [1, product[1]], [product[0], 1], product])).name],
    () => [draft.value(fits).name],
  ])()
  const optional = (name: string, value: number) => (value === 0 && draft.once(2) ? {} : { [name]: value })
  draft.emit('Gemm', [a.name, b.name, ...c], {
    ...optional('transA', onLeft ? turnConstant : turnValue),
    ...optional('transB', onLeft ? turnValue : turnConstant),
    ...(draft.once(3) && { alpha: draft.pick([-1, 0.5, 0, 0.75]) }),
    ...(draft.once(3) && { beta: draft.pick([-1, 0.5, 0, 1.25]) }),
  })
}

/** The constant is on either side, and either one may have more dimensions. */
function matMul(draft: Draft): void {
  const { name, shape } = draft.value(({ shape: { length } }) => length > 0)
  const onLeft = draft.once(2)
  const inner = onLeft ? (shape.at(-2) ?? shape[0]) : shape.at(-1)!
  const outer = draft.once(4) ? 1 : 1 + draft.below(3)
  const matrix = draft.once(4) ? [inner] : onLeft ? [outer, inner] : [inner, outer]
  if (matrix.length === 2) {
    const before = shape.slice(0, -2)
    matrix.unshift(
      ...(draft.once(2) ? before.slice(draft.below(before.length + 1)).map((size) => (draft.once(2) ? 1 : size)) : []),
    )
    if (draft.once(3)) matrix.unshift(...Array.from({ length: 1 + draft.below(2) }, () => (draft.once(3) ? 2 : 1)))
  }
  const constant = draft.constant(matrix).name
  draft.emit('MatMul', onLeft ? [constant, name] : [name, constant])
}

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
