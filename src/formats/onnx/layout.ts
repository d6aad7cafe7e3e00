/** Operators that only place, relabel or join numbers. */
import type { Call, Operator } from './call.ts'
import { BOOL, DOUBLE, INT64 } from './schema.ts'
import { place } from './placement.ts'
import { MAX_RANK, elementsOf, stridesOf, walk } from './shape.ts'
import { type Operand, isConstant } from './steps.ts'
import { type Constant, ranges, roundings } from './tensor.ts'

export const identity: Operator = (call) => call.operand(0)

export const dropout: Operator = (call) => {
  // The share that is dropped: of no matter here.
  call.input(1)
  const training = call.input(2) ? call.constant(2).data[0] : 0
  if (training !== 0) throw call.refuse('is in training mode: export the network for inference')
  return call.operand(0)
}

export const constant: Operator = (call) => {
  const values = call.numbers('value_floats') ?? (call.has('value_float') ? [call.number('value_float', 0)] : undefined)
  const whole = call.list('value_ints') ?? (call.has('value_int') ? [call.wholeNumber('value_int', 0)] : undefined)
  const found = values ?? whole
  if (!found) return call.tensor('value')
  const shape = call.has('value_float') || call.has('value_int') ? [] : [found.length]
  return call.make(shape, { shape, data: new Float32Array(), integer: !values && ranges[INT64] }, (i) => found[i])
}

/** Rounds constants; computed values are real numbers whatever their type. */
export const cast: Operator = (call) => {
  const operand = call.operand(0)
  const to = call.wholeNumber('to', 0)
  const [range, round] = [ranges[to], roundings[to]]
  if (!(isConstant(operand) ? (range ?? round) : round))
    throw call.refuse(`casts to type ${to}, which is not supported here`)
  if (!isConstant(operand)) return operand
  if (range) {
    const whole = to === BOOL ? (x: number) => Number(x !== 0) : Math.trunc
    return call.make(operand.shape, { ...operand, integer: range }, (i) => whole(operand.data[i]))
  }
  const data = to === DOUBLE ? new Float64Array() : new Float32Array()
  return call.make(operand.shape, { shape: [], data, integer: false }, (i) => round(operand.data[i]))
}

export const shapeOf: Operator = (call) => {
  const { shape } = call.operand(0)
  const at = (index: number) => Math.min(shape.length, Math.max(0, index < 0 ? index + shape.length : index))
  const found = shape.slice(at(call.wholeNumber('start', 0)), at(call.wholeNumber('end', shape.length)))
  return { shape: [found.length], data: Float64Array.from(found), integer: ranges[INT64] }
}

export const flatten: Operator = (call) => {
  const operand = call.operand(0)
  const rank = operand.shape.length
  // the end counts, too, but from the end only axes are counted
  const given = call.wholeNumber('axis', 1)
  const axis = given === rank ? rank : call.axis(given, rank)
  return call.relabel(operand, [elementsOf(operand.shape.slice(0, axis)), elementsOf(operand.shape.slice(axis))])
}

export const reshape: Operator = (call) => {
  const operand = call.operand(0)
  const target = call.wholeNumbers(1) ?? []
  const keepsZero = call.wholeNumber('allowzero', 0) !== 0
  const shape = target.map((size, i) => (size === 0 && !keepsZero ? (operand.shape[i] ?? 0) : size))
  const open = shape.indexOf(-1)
  if (open >= 0) shape[open] = elementsOf(operand.shape) / elementsOf(shape.filter((_, i) => i !== open))
  if (shape.some((size) => !(Number.isInteger(size) && size >= 0))) {
    throw call.refuse(`cannot make [${target}] of [${operand.shape}]`)
  }
  return call.relabel(operand, shape)
}

/** The axes that Squeeze and Unsqueeze are about: an input since opset 13. */
const axesOf = (call: Call, rank: number): number[] | undefined =>
  (call.opset < 13 ? call.list('axes') : call.wholeNumbers(1))?.map((axis) => call.axis(axis, rank))

export const squeeze: Operator = (call) => {
  const operand = call.operand(0)
  const axes = axesOf(call, operand.shape.length)
  if (axes?.length === 0) throw call.refuse('has an empty list of axes, which some take for all of them: leave it out')
  const dropped = (i: number) => (axes ? axes.includes(i) : operand.shape[i] === 1)
  return call.relabel(
    operand,
    operand.shape.filter((_, i) => !dropped(i)),
  )
}

export const unsqueeze: Operator = (call) => {
  const operand = call.operand(0)
  const count = (call.opset < 13 ? call.list('axes') : call.wholeNumbers(1))?.length ?? 0
  if (count > MAX_RANK) throw call.refuse(`makes more than ${MAX_RANK} dimensions`)
  const axes = axesOf(call, operand.shape.length + count) ?? []
  if (new Set(axes).size !== count) throw call.refuse(`has axes [${axes}]: one is given twice`)
  const sizes = [...operand.shape]
  const shape = Array.from({ length: sizes.length + count }, (_, i) => (axes.includes(i) ? 1 : sizes.shift()!))
  return call.relabel(operand, shape)
}

export const transpose: Operator = (call) => {
  const operand = call.operand(0)
  const order = call.list('perm') ?? [...operand.shape.keys()].toReversed()
  if (order.length !== operand.shape.length || !operand.shape.every((_, i) => order.includes(i))) {
    throw call.refuse(`has perm [${order}] for a value of [${operand.shape}]`)
  }
  return transposed(call, operand, order)
}

/** @param order the dimension of the operand that each dimension of the result is */
export function transposed(call: Call, operand: Operand, order: readonly number[]): Operand {
  const shape = order.map((axis) => operand.shape[axis])
  const moving = order.filter((axis) => operand.shape[axis] > 1)
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1])) return call.relabel(operand, shape)
  const own = stridesOf(operand.shape)
  const source = walk(
    shape,
    order.map((axis) => own[axis]),
  )
  return place(call, operand, shape, source)
}

export const concat: Operator = (call) => {
  const operands = Array.from({ length: call.inputCount }, (_, i) => call.operand(i))
  const first = call.operand(0)
  const axis = call.axis(call.wholeNumber('axis', Number.NaN), first.shape.length)
  const shape = [...first.shape]
  shape[axis] = 0
  const begins = operands.map((operand) => {
    const fits = operand.shape.every((size, i) => i === axis || size === first.shape[i])
    if (!fits || operand.shape.length !== shape.length) {
      throw call.refuse(`joins [${first.shape}] and [${operand.shape}]: the shapes do not fit`)
    }
    shape[axis] += operand.shape[axis]
    return shape[axis] - operand.shape[axis]
  })
  call.steps.spend(elementsOf(shape) * operands.length, call.label)
  // Both sides are [outer][axis and inner]: an operand is a range of the second.
  const inner = elementsOf(shape.slice(axis + 1))
  const width = shape[axis] * inner
  const sources = operands.map((operand, k) => {
    const [begin, own] = [begins[k] * inner, operand.shape[axis] * inner]
    return (o: number) => {
      const at = (o % width) - begin
      return at >= 0 && at < own ? Math.floor(o / width) * own + at : -1
    }
  })
  const constants = operands.map((operand) => (isConstant(operand) ? operand : undefined))
  const fromConstants = (o: number) => {
    const k = constants.findIndex((found, i) => found && sources[i](o) >= 0)
    return k < 0 ? 0 : constants[k]!.data[sources[k](o)]
  }
  if (constants.every((found) => found !== undefined)) return call.make(shape, constants[0] as Constant, fromConstants)
  const size = elementsOf(shape)
  const terms = operands.flatMap((operand, k) =>
    isConstant(operand) ? [] : [{ value: operand.id, source: sources[k], factor: () => 1 }],
  )
  return call.steps.add({ kind: 'selection', label: call.label, size, terms, shift: fromConstants }, shape, 3 * size)
}
