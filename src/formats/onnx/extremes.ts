/**
 * The largest or smallest of several elements, exactly, as a balanced tree of max(a, b) = a + relu(b − a) and
 * min(a, b) = a − relu(a − b): one ReLU less than there are elements.
 */
import { combine } from './arithmetic.ts'
import type { Call, Operator } from './call.ts'
import { elementwise } from './constants.ts'
import { atLeast, atMost, reluOf } from './piecewise.ts'
import { groupsOf } from './reduction.ts'
import { elementsOf } from './shape.ts'
import { type Operand, type Value, isConstant } from './steps.ts'
import type { Constant } from './tensor.ts'

/** +1 for the largest, −1 for the smallest. */
type Sign = 1 | -1

/** @param groups the elements of the value that each output is chosen from, at least one */
export function extreme(call: Call, value: Value, shape: readonly number[], groups: Int32Array[], sign: Sign): Value {
  let [from, open] = [value, groups]
  call.steps.spend(
    groups.reduce((sum, { length }) => sum + length, 0),
    call.label,
  )
  do {
    const [level, next] = halved(call, from, open, sign)
    from = level
    open = next
  } while (open.some(({ length }) => length > 1))
  return call.relabel(from, shape) as Value
}

/** One level of the tree. Neighbours are compared; if their number is odd, the last one is kept. */
function halved(call: Call, value: Value, groups: Int32Array[], sign: Sign): [Value, Int32Array[]] {
  const [first, second, winners]: [number[], number[], number[]] = [[], [], []]
  /** Per element of the next level, its pair; −1 for one that is kept. */
  const pairs: number[] = []
  const next = groups.map((group) => {
    const begin = winners.length
    for (let i = 0; i < group.length; i += 2) {
      winners.push(group[i])
      pairs.push(i + 1 < group.length ? first.length : -1)
      if (i + 1 === group.length) continue
      first.push(group[i])
      second.push(group[i + 1])
    }
    return Int32Array.from({ length: winners.length - begin }, (_, i) => begin + i)
  })
  const { label } = call
  const [count, size] = [first.length, winners.length]
  const own = (factor: number, source: (o: number) => number) => ({ value: value.id, source, factor: () => factor })
  const shift = () => 0
  if (count === 0) {
    const kept = own(1, (o) => winners[o])
    return [call.steps.add({ kind: 'selection', label, size, terms: [kept], shift }, [size], 3 * size), next]
  }
  const difference = [own(sign, (o) => second[o]), own(-sign, (o) => first[o])]
  const lead = call.steps.add({ kind: 'selection', label, size: count, terms: difference, shift }, [count], 5 * count)
  const rise = call.steps.add({ kind: 'relu', label, size: count, value: lead.id }, [count], 0)
  const terms = [own(1, (o) => winners[o]), { value: rise.id, source: (o: number) => pairs[o], factor: () => sign }]
  return [call.steps.add({ kind: 'selection', label, size, terms, shift }, [size], 5 * size), next]
}

const larger = (a: number, b: number) => Math.max(a, b)
const smaller = (a: number, b: number) => Math.min(a, b)

/** For any number of operands, broadcast. Several constants become one first. */
const ofOperands =
  (sign: Sign): Operator =>
  (call) => {
    const operands = Array.from({ length: call.inputCount }, (_, i) => boundOf(call, i, sign)).filter(
      (operand) => operand !== undefined,
    )
    const values = operands.filter((operand): operand is Value => !isConstant(operand))
    const constants = operands.filter((operand) => isConstant(operand))
    const bound = constants.reduce<Constant | undefined>(
      (best, constant) => (best ? elementwise(call, best, constant, sign > 0 ? larger : smaller) : constant),
      undefined,
    )
    const value = values.length > 0 ? ofValues(call, values, sign) : undefined
    if (value && bound) return sign > 0 ? atLeast(call, value, bound) : atMost(call, value, bound)
    const found = value ?? bound
    if (!found) throw call.refuse('has no finite input')
    return found
  }

/** Undefined for an infinite bound that never counts. */
function boundOf(call: Call, index: number, sign: Sign): Operand | undefined {
  const operand = call.bound(index)
  const never = operand && isConstant(operand) && operand.data.length === 1 && operand.data[0] === -sign * Infinity
  return never ? undefined : call.operand(index)
}

function ofValues(call: Call, values: readonly Value[], sign: Sign): Value {
  if (values.length === 1) return values[0]
  const half = Math.ceil(values.length / 2)
  const [a, b] = [ofValues(call, values.slice(0, half), sign), ofValues(call, values.slice(half), sign)]
  const [more, less] = sign > 0 ? [b, a] : [a, b]
  const rise = reluOf(call, combine(call, 'Sub', more, less) as Value)
  return combine(call, sign > 0 ? 'Add' : 'Sub', a, rise) as Value
}

export const max: Operator = ofOperands(1)
export const min: Operator = ofOperands(-1)

const overDimensions =
  (sign: Sign): Operator =>
  (call) => {
    const operand = call.operand(0)
    const groups = groupsOf(call, operand, 18)
    if (!groups) return operand
    const { shape, length, source } = groups
    if (length === 0) throw call.refuse('has nothing to choose from')
    if (isConstant(operand)) {
      return call.make(shape, operand, (o) => {
        let best = operand.data[source(o, 0)]
        for (let i = 1; i < length; i++)
          best = sign > 0 ? larger(best, operand.data[source(o, i)]) : smaller(best, operand.data[source(o, i)])
        return best
      })
    }
    const sources = Array.from({ length: elementsOf(shape) }, (_, o) =>
      Int32Array.from({ length }, (_, i) => source(o, i)),
    )
    return extreme(call, operand, shape, sources, sign)
  }

export const reduceMax: Operator = overDimensions(1)
export const reduceMin: Operator = overDimensions(-1)
