/** Linear expressions over the variables of a VNN-LIB file, exact. */
import { Rational } from './rational.ts'

/** Coefficients by variable; `CONSTANT` has what stands without one. Its owner may change it. */
export type Linear = Map<number, Rational>

export const CONSTANT = 0
/** Inputs are numbered upward from 1, outputs downward from −1. */
export const inputVariable = (index: number): number => index + 1
export const outputVariable = (index: number): number => -1 - index
export const isInput = (variable: number): boolean => variable > CONSTANT
export const indexOf = (variable: number): number => Math.abs(variable) - 1

export const linear = (variable: number, value: Rational): Linear => new Map([[variable, value]])

/** @returns the number that the expression is, or undefined if it has variables */
export function constantOf(expression: Linear): Rational | undefined {
  for (const [variable, value] of expression) if (variable !== CONSTANT && value.sign !== 0) return undefined
  return expression.get(CONSTANT) ?? Rational.zero
}

/** into + other, in place of one of the two. @throws TooManyDigits */
export function add(into: Linear, other: Linear): Linear {
  // long sums that are nested to the right take linear time this way
  if (other.size > into.size) return add(other, into)
  for (const [variable, value] of other) {
    const there = into.get(variable)
    into.set(variable, there ? there.plus(value).limited : value)
  }
  return into
}

/** In place. @throws TooManyDigits */
export function multiply(expression: Linear, factor: Rational): Linear {
  for (const [variable, value] of expression) expression.set(variable, value.times(factor).limited)
  return expression
}

/** In place. */
export function negate(expression: Linear): Linear {
  for (const [variable, value] of expression) expression.set(variable, value.negated)
  return expression
}
