/**
 * Comparisons and Where. A condition on values is no linear piece, but where both branches meet on its border the choice is
 * one ReLU: if p − q = k·(a − b), then (a > b ? p : q) = q + k·relu(a − b).
 */
import { combine } from './arithmetic.ts'
import type { Call, Operator } from './call.ts'
import { elementwise, truth } from './constants.ts'
import { reluOf } from './piecewise.ts'
import { refusedValue } from './refused.ts'
import { broadcastIndex, broadcastShapes, elementsOf } from './shape.ts'
import { type Comparison, type Operand, type Steps, type Value, isConstant } from './steps.ts'

const compare =
  (test: (a: number, b: number) => boolean, order: (a: Operand, b: Operand) => Comparison): Operator =>
  (call) => {
    const [a, b] = [call.operand(0), call.operand(1)]
    if (isConstant(a) && isConstant(b)) return elementwise(call, a, b, (x, y) => Number(test(x, y)), truth)
    const shape = broadcastShapes(a.shape, b.shape)
    if (!shape) throw call.refuse(`compares [${a.shape}] and [${b.shape}]: the shapes do not fit`)
    return refusedValue(call, shape, [a, b], { comparison: order(kept(a), kept(b)) })
  }

/** A later Where reads them again, so nothing may be folded into them. */
const kept = (operand: Operand): Operand => (isConstant(operand) ? operand : { ...operand, single: false })

const above = (a: Operand, b: Operand): Comparison => ({ above: a, below: b })
const below = (a: Operand, b: Operand): Comparison => ({ above: b, below: a })

// what happens on the border does not matter where both branches meet there
export const greater = compare((a, b) => a > b, above)
export const greaterOrEqual = compare((a, b) => a >= b, above)
export const less = compare((a, b) => a < b, below)
export const lessOrEqual = compare((a, b) => a <= b, below)

export const not: Operator = (call) => {
  const operand = call.operand(0)
  if (isConstant(operand)) return call.make(operand.shape, operand, (i) => 1 - operand.data[i])
  const comparison = comparisonOf(call.steps, operand)
  const turned = comparison && { comparison: below(comparison.above, comparison.below) }
  return refusedValue(call, operand.shape, [operand], turned)
}

function comparisonOf(steps: Steps, { id }: Value): Comparison | undefined {
  const step = steps.list[id - 1]
  return step?.kind === 'refused' ? step.comparison : undefined
}

export const where: Operator = (call) => {
  const [condition, yes, no] = [call.operand(0), call.operand(1), call.operand(2)]
  const inner = broadcastShapes(yes.shape, no.shape)
  const shape = inner && broadcastShapes(condition.shape, inner)
  if (!shape) {
    throw call.refuse(`chooses by [${condition.shape}] from [${yes.shape}] and [${no.shape}]: the shapes do not fit`)
  }
  const size = elementsOf(shape)
  const [fromYes, fromNo] = [broadcastIndex(yes.shape, shape), broadcastIndex(no.shape, shape)]
  if (!isConstant(condition)) return chosen(call, shape, condition, yes, no)
  const fromCondition = broadcastIndex(condition.shape, shape)
  const holds = (o: number) => condition.data[fromCondition(o)] !== 0
  const shift = (o: number) => {
    const [operand, from] = holds(o) ? [yes, fromYes] : [no, fromNo]
    return isConstant(operand) ? operand.data[from(o)] : 0
  }
  if (isConstant(yes) && isConstant(no)) return call.make(shape, yes, shift)
  const term = (operand: Operand, from: (o: number) => number, when: boolean) =>
    isConstant(operand)
      ? []
      : [{ value: operand.id, source: (o: number) => (holds(o) === when ? from(o) : -1), factor: () => 1 }]
  const terms = [...term(yes, fromYes, true), ...term(no, fromNo, false)]
  return call.steps.add({ kind: 'selection', label: call.label, size, terms, shift }, shape, 5 * size)
}

/** A choice by a comparison of values, if the branches are equal on its border. */
function chosen(call: Call, shape: readonly number[], condition: Value, yes: Operand, no: Operand): Operand {
  const { steps, label } = call
  const refused = () => refusedValue(call, shape, [condition, yes, no], { operator: 'Where with a jump' })
  const comparison = comparisonOf(steps, condition)
  if (!comparison) return refused()
  const size = elementsOf(shape)
  const at = (operand: Operand) => {
    const from = broadcastIndex(operand.shape, shape)
    return (o: number) => lineOf(steps, operand, from(o))
  }
  const [p, q, a, b] = [yes, no, comparison.above, comparison.below].map(at)
  call.steps.spend(4 * size, label)
  const slopes = Float64Array.from({ length: size }, (_, o) => ratio(difference(p(o), q(o)), difference(a(o), b(o))))
  if (slopes.some(Number.isNaN)) return refused()
  const isZero = isConstant(comparison.below) && comparison.below.data.every((x) => x === 0)
  const lead =
    isZero && !isConstant(comparison.above)
      ? comparison.above
      : combine(call, 'Sub', comparison.above, comparison.below)
  const rise = reluOf(call, lead as Value)
  const [fromNo, fromRise] = [broadcastIndex(no.shape, shape), broadcastIndex(rise.shape, shape)]
  const terms = [
    ...(isConstant(no) ? [] : [{ value: no.id, source: fromNo, factor: () => 1 }]),
    { value: rise.id, source: fromRise, factor: (o: number) => slopes[o] },
  ]
  const shift = (o: number) => (isConstant(no) ? no.data[fromNo(o)] : 0)
  return steps.add({ kind: 'selection', label, size, terms, shift }, shape, 5 * size)
}

/** The sign ±1, if it is the same for every input: that of a ReLU which is scaled and shifted. */
export const sign: Operator = (call) => {
  const operand = call.operand(0)
  const { shape } = operand
  if (isConstant(operand)) return call.make(shape, operand, (i) => Math.sign(operand.data[i]))
  call.steps.spend(elementsOf(shape), call.label)
  const sides = Float64Array.from({ length: elementsOf(shape) }, (_, o) => sideOf(call.steps, operand, o))
  if (sides.includes(0)) return refusedValue(call, shape, [operand])
  return { shape, data: sides, integer: false }
}

/** The sign of an element, 0 if that depends on the input. */
function sideOf(steps: Steps, operand: Value, element: number): number {
  const { of, factor, shift, size } = lineOf(steps, operand, element)
  const isRelu = of === '' || steps.list[Number(of.split(' ')[0]) - 1]?.kind === 'relu'
  // less may be what rounding has left
  if (!isRelu || !(Math.abs(shift) > 1e-9 * size)) return 0
  return factor === 0 || Math.sign(factor) === Math.sign(shift) ? Math.sign(shift) : 0
}

/** A linear function of one element of one value. */
interface Line {
  /** 'value element', or '' for a constant. */
  readonly of: string
  readonly factor: number
  readonly shift: number
  /** The sum of the magnitudes that the shift is made of. */
  readonly size: number
}

/** An element, followed back as long as it is a multiple of one other element. */
function lineOf({ list }: Steps, operand: Operand, element: number): Line {
  if (isConstant(operand))
    return { of: '', factor: 0, shift: operand.data[element], size: Math.abs(operand.data[element]) }
  let [id, at, factor, shift, size] = [operand.id, element, 1, 0, 0]
  for (;;) {
    const step = list[id - 1]
    if (step?.kind !== 'selection' || step.terms.length !== 1) return { of: `${id} ${at}`, factor, shift, size }
    const [term] = step.terms
    shift += factor * step.shift(at)
    size += Math.abs(factor * step.shift(at))
    const source = term.source(at)
    if (source < 0) return { of: '', factor: 0, shift, size }
    factor *= term.factor(at)
    ;[id, at] = [term.value, source]
  }
}

/** Factors by element, the shift under ''. */
function difference(a: Line, b: Line): Map<string, number> {
  const found = new Map([['', a.shift - b.shift]])
  for (const [{ of, factor }, sign] of [[a, 1] as const, [b, -1] as const]) {
    if (of !== '') found.set(of, (found.get(of) ?? 0) + sign * factor)
  }
  return found
}

/** The k for which p = k·a, exactly; NaN if there is none. */
function ratio(p: Map<string, number>, a: Map<string, number>): number {
  const [key] = [...a].find(([, factor]) => factor !== 0) ?? []
  if (key === undefined) return Number.NaN
  const k = (p.get(key) ?? 0) / a.get(key)!
  const equal = [...new Set([...p.keys(), ...a.keys()])].every((of) => (p.get(of) ?? 0) === k * (a.get(of) ?? 0))
  return equal ? k : Number.NaN
}
