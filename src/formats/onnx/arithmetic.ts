/** Operators that add and scale element by element. */
import { productError, sumError } from '../../base/exact.ts'
import type { Call, Operator } from './call.ts'
import { elementwise } from './constants.ts'
import { refusedValue } from './refused.ts'
import { broadcastIndex, broadcastShapes, elementsOf } from './shape.ts'
import { type Change, type Operand, type Value, isConstant } from './steps.ts'
import type { Constant } from './tensor.ts'

type Arithmetic = 'Add' | 'Sub' | 'Mul' | 'Div'

const compute: Record<Arithmetic, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
}

export const binary =
  (operator: Arithmetic): Operator =>
  (call) =>
    combine(call, operator, call.operand(0), call.operand(1))

/** Two operands, broadcast as numpy does. */
export function combine(call: Call, operator: Arithmetic, a: Operand, b: Operand): Operand {
  const shape = broadcastShapes(a.shape, b.shape)
  if (!shape) throw call.refuse(`combines [${a.shape}] and [${b.shape}]: the shapes do not fit`)
  const [fromA, fromB] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)]
  if (isConstant(a) && isConstant(b)) {
    if (a.integer) return elementwise(call, a, b, (x, y) => Math.trunc(compute[operator](x, y)))
    return combineConstants(call, operator, a, b)
  }
  if (isConstant(b)) return withConstant(call, operator, { value: a as Value, source: fromA }, b, fromB, shape)
  if (isConstant(a)) {
    if (operator === 'Div') return refusedValue(call, shape, [b], { operator: 'Div by a computed value' })
    if (operator !== 'Sub') return withConstant(call, operator, { value: b, source: fromB }, a, fromA, shape)
    return affine(call, { value: b, source: fromB }, shape, { factor: () => -1, shift: (o) => a.data[fromA(o)] })
  }
  if (operator === 'Mul' || operator === 'Div') {
    return refusedValue(call, shape, [a, b], { operator: `${operator} of two computed values` })
  }
  const size = elementsOf(shape)
  const sign = operator === 'Sub' ? -1 : 1
  const terms = [
    { value: a.id, source: fromA, factor: () => 1 },
    { value: b.id, source: fromB, factor: () => sign },
  ]
  return call.steps.add({ kind: 'selection', label: call.label, size, terms, shift: () => 0 }, shape, 5 * size)
}

/** In float64. @throws UserError where what was rounded nearly cancels */
function combineConstants(call: Call, operator: Arithmetic, a: Constant, b: Constant): Constant {
  const [errorA, errorB] = [a.error ?? 0, b.error ?? 0]
  let error = 0
  const result = (x: number, y: number) => {
    const made = compute[operator](x, y)
    const given =
      operator === 'Add' || operator === 'Sub'
        ? Math.abs(x) * errorA + Math.abs(y) * errorB
        : Math.abs(made) * (errorA + errorB)
    const off = given + rounding(operator, x, y, made) * 2 ** 53
    if (off !== 0) error = Math.max(error, off / Math.abs(made))
    return made
  }
  return elementwise(call, a, b, result, a, () => error)
}

/** How much the result was rounded, at most. */
function rounding(operator: Arithmetic, x: number, y: number, result: number): number {
  switch (operator) {
    case 'Add':
      return Math.abs(sumError(x, y, result))
    case 'Sub':
      return Math.abs(sumError(x, -y, result))
    case 'Mul':
      return Math.abs(productError(x, y, result))
    case 'Div':
      return result * y === x && productError(result, y, x) === 0 ? 0 : Math.abs(result) * 2 ** -53
  }
}

interface Source {
  readonly value: Value
  readonly source: (output: number) => number
}

function withConstant(
  call: Call,
  operator: Arithmetic,
  from: Source,
  constant: Constant,
  index: (output: number) => number,
  shape: readonly number[],
): Operand {
  const operand = (o: number) => constant.data[index(o)]
  const [one, zero] = [() => 1, () => 0]
  switch (operator) {
    case 'Add':
      return affine(call, from, shape, { factor: one, shift: operand })
    case 'Sub':
      return affine(call, from, shape, { factor: one, shift: (o) => -operand(o), normalises: { by: 'Sub', operand } })
    case 'Mul':
      return affine(call, from, shape, { factor: operand, shift: zero })
    case 'Div':
      if (constant.data.some((d) => !Number.isFinite(1 / d))) throw call.refuse('divides by zero')
      return affine(call, from, shape, {
        factor: (o) => 1 / operand(o),
        shift: zero,
        isRounded: true,
        normalises: { by: 'Div', operand },
      })
  }
}

function affine(call: Call, { value, source }: Source, shape: readonly number[], change: Change): Operand {
  const size = elementsOf(shape)
  if (size === elementsOf(value.shape)) return call.relabel(call.steps.scale(call.label, value, change), shape)
  const { factor, shift } = change
  const terms = [{ value: value.id, source, factor }]
  return call.steps.add({ kind: 'selection', label: call.label, size, terms, shift }, shape, 3 * size)
}

export const batchNormalization: Operator = (call) => {
  const value = call.value(0)
  const channels = value.shape[1] ?? 1
  const area = elementsOf(value.shape.slice(2))
  // before opset 14, what it has been trained on is an output in training alone
  const trains = call.opset < 14 ? call.node.output.some((name, i) => i > 0 && name !== '') : false
  if (call.wholeNumber('training_mode', 0) !== 0 || trains) {
    throw call.refuse('is in training mode: export it for inference')
  }
  if (call.wholeNumber('spatial', 1) !== 1) throw call.refuse('is not per channel (spatial = 0): not supported')
  const epsilon = call.number('epsilon', Math.fround(1e-5))
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => {
    const { data, shape } = call.constant(i)
    if (data.length !== channels) throw call.refuse(`has [${shape}] as input ${i} for a value of [${value.shape}]`)
    return data
  })
  const factors = Float64Array.from(scale, (s, c) => s / Math.sqrt(variance[c] + epsilon))
  if (!factors.every(Number.isFinite)) throw call.refuse('has a variance that is not positive')
  const channel = (o: number) => Math.floor(o / area) % channels
  // in two steps, so that no constant is a difference of rounded products
  const centred = call.steps.scale(call.label, value, { factor: () => 1, shift: (o) => -mean[channel(o)] })
  return call.steps.scale(call.label, centred, {
    factor: (o) => factors[channel(o)],
    shift: (o) => bias[channel(o)],
    isRounded: true,
  })
}
