/** Sums: operators whose outputs are weighted sums of a value's elements, given by their entries. */
import { LongSum } from './long-sum.ts'
import { combine } from './arithmetic.ts'
import type { Call, Operator } from './call.ts'
import { elementsOf, stridesOf, walk } from './shape.ts'
import { type Operand, type Value, isConstant } from './steps.ts'

/**
 * Output o is shift(o) + Σ weight · value[source].
 * @param count of all entries together, at most
 * @param entries calls `add` for each of those of an output
 */
export function sums(
  call: Call,
  value: Value,
  shape: readonly number[],
  count: number,
  entries: (output: number, add: (source: number, weight: number) => void) => void,
  shift?: (output: number) => number,
): Value {
  const size = elementsOf(shape)
  const rows = () => {
    const start = new Int32Array(size + 1)
    const source = new Int32Array(count)
    const weight = new Float64Array(count)
    let at = 0
    for (let o = 0; o < size; o++) {
      entries(o, (from, w) => {
        source[at] = from
        weight[at++] = w
      })
      start[o + 1] = at
    }
    return {
      inputs: elementsOf(value.shape),
      start,
      source: source.subarray(0, at),
      weight: weight.subarray(0, at),
    }
  }
  const step = { kind: 'sparse', label: call.label, size, value: value.id, rows, ...(shift && { shift }) } as const
  return call.steps.add(step, shape, 2 * (size + count))
}

/** The elements that an operator combines over some dimensions. */
export interface Groups {
  /** The shape of the result. */
  readonly shape: readonly number[]
  /** Elements per output. */
  readonly length: number
  readonly source: (output: number, index: number) => number
}

/** @param newOpset the first one with axes as an input */
export function groupsOf(call: Call, { shape }: Operand, newOpset: number): Groups | undefined {
  const given = call.opset < newOpset ? call.list('axes') : call.wholeNumbers(1)
  const idle = call.opset >= newOpset && call.wholeNumber('noop_with_empty_axes', 0) !== 0
  const keep = call.wholeNumber('keepdims', 1) !== 0
  if (idle && !given?.length) return undefined
  const axes = given?.length ? given.map((axis) => call.axis(axis, shape.length)) : [...shape.keys()]
  if (new Set(axes).size < axes.length) throw call.refuse(`has axes [${given}]: one is given twice`)
  const kept = shape.flatMap((size, i) => (axes.includes(i) ? (keep ? [1] : []) : [size]))
  const strides = stridesOf(shape)
  const [left, reduced] = [[...shape.keys()].filter((i) => !axes.includes(i)), axes]
  const walkOf = (dimensions: readonly number[]) =>
    walk(
      dimensions.map((i) => shape[i]),
      dimensions.map((i) => strides[i]),
    )
  const [begin, offset] = [walkOf(left), walkOf(reduced)]
  const length = elementsOf(reduced.map((i) => shape[i]))
  return { shape: kept, length, source: (o, i) => begin(o) + offset(i) }
}

const reduce =
  (newOpset: number, weight: (length: number) => number): Operator =>
  (call) => {
    const operand = call.operand(0)
    const groups = groupsOf(call, operand, newOpset)
    if (!groups) return operand
    const { shape, length, source } = groups
    const w = weight(length)
    if (isConstant(operand)) {
      if (operand.integer && w !== 1) throw call.refuse('averages whole numbers: that is not supported')
      const sum = new LongSum()
      let error = 0
      const element = (o: number) => {
        sum.start(0)
        for (let i = 0; i < length; i++) sum.add(operand.data[source(o, i)], 1, call.inputError)
        error = Math.max(error, sum.error)
        return sum.value * w
      }
      // the factor and the product are rounded, too
      return call.make(shape, { ...operand, data: new Float64Array() }, element, () => error + (w === 1 ? 0 : 2))
    }
    return sums(call, operand, shape, elementsOf(operand.shape), (o, add) => {
      for (let i = 0; i < length; i++) add(source(o, i), w)
    })
  }

export const reduceSum = reduce(13, () => 1)
export const reduceMean = reduce(18, (length) => 1 / length)

/** Operands of any number, broadcast. */
const total = (call: Call): Operand => {
  const operands = Array.from({ length: call.inputCount }, (_, i) => call.operand(i))
  return operands.reduce((sum, operand) => combine(call, 'Add', sum, operand))
}

export const sum: Operator = total

export const mean: Operator = (call) => scaled(call, total(call), 1 / call.inputCount)

export const neg: Operator = (call) => scaled(call, call.operand(0), -1)

function scaled(call: Call, operand: Operand, factor: number): Operand {
  if (isConstant(operand))
    return call.make(operand.shape, operand, (i) => factor * operand.data[i], (operand.error ?? 0) + 2)
  return call.steps.scale(call.label, operand, { factor: () => factor, shift: () => 0, isRounded: true })
}
