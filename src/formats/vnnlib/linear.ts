/** Linear expressions over the variables of a VNN-LIB file, in float64 with what rounding may have done to them. */

/** A number, and a bound on its error. */
interface Rounded {
  readonly value: number
  readonly error: number
}

/** Coefficients by variable; `CONSTANT` has what stands without one. */
export type Linear = Map<number, Rounded>

export const CONSTANT = 0
/** Inputs are numbered upward from 1, outputs downward from −1. */
export const inputVariable = (index: number): number => index + 1
export const outputVariable = (index: number): number => -1 - index
export const isInput = (variable: number): boolean => variable > CONSTANT
export const indexOf = (variable: number): number => Math.abs(variable) - 1

export const linear = (variable: number, value: number): Linear => new Map([[variable, { value, error: 0 }]])

export const isConstant = (expression: Linear): boolean => expression.size === 1 && expression.has(CONSTANT)

/** into + sign·other, in place of one of the two. */
export function add(into: Linear, other: Linear, sign: 1 | -1): Linear {
  // long sums that are nested to the right take linear time this way
  if (sign === 1 && other.size > into.size) return add(other, into, sign)
  for (const [variable, { value, error }] of other) {
    const there = into.get(variable) ?? { value: 0, error: 0 }
    const [a, b] = [there.value, sign * value]
    const sum = a + b
    // exactly what the sum lost (Knuth's TwoSum)
    const part = sum - a
    const lost = a - (sum - part) + (b - part)
    into.set(variable, { value: sum, error: there.error + error + Math.abs(lost) })
  }
  return into
}

/** `expression` times a constant. */
export function multiply(expression: Linear, constant: Linear): Linear {
  const factor = constant.get(CONSTANT)!
  return new Map([...expression].map(([variable, value]) => [variable, product(value, factor)]))
}

/** 1 / `constant` */
export function reciprocal(constant: Linear): Linear {
  const { value, error } = constant.get(CONSTANT)!
  return new Map([[CONSTANT, { value: 1 / value, error: (UNIT + error / Math.abs(value)) / Math.abs(value) }]])
}

/** Relative rounding error of one operation, a little more than 2⁻⁵³. */
const UNIT = 1.2e-16
/** Products below this have fewer digits than others. */
const LEAST = 2 ** -1000

function product(a: Rounded, b: Rounded): Rounded {
  const value = a.value * b.value
  const unit = Math.abs(a.value) === 1 || Math.abs(b.value) === 1
  const exact = unit || (Number.isSafeInteger(a.value) && Number.isSafeInteger(b.value) && Number.isSafeInteger(value))
  const tiny = a.value !== 0 && b.value !== 0 && Math.abs(value) < LEAST
  const rounding = exact ? 0 : tiny ? Infinity : UNIT * Math.abs(value)
  return { value, error: rounding + Math.abs(a.value) * b.error + Math.abs(b.value) * a.error + a.error * b.error }
}

/** The largest share of a number that rounding may take: beyond, larger ones have cancelled each other. */
const MOST_ROUNDING = 2 ** -40

/** Whether every coefficient is a finite number that rounding has not spoilt. */
export const isPrecise = (expression: Linear): boolean =>
  [...expression.values()].every(
    ({ value, error }) => Number.isFinite(value) && error <= MOST_ROUNDING * Math.abs(value),
  )
