/** Formulas over linear comparisons, without a "not": negation turns comparisons round. */
import { CONSTANT, type Linear, add, indexOf, isInput, negate } from './linear.ts'
import { Rational } from './rational.ts'

/** X_input ≥ value if it is a lower end, ≤ value if not; > and < if it is strict. */
export interface Bound {
  readonly kind: 'bound'
  readonly input: number
  readonly isLower: boolean
  readonly value: Rational
  readonly strict: boolean
}

/** Σ coefficients[k]·variables[k] ≤ bound, or < if it is strict. No coefficient is 0. */
export interface Comparison {
  readonly kind: 'comparison'
  readonly variables: readonly number[]
  readonly coefficients: readonly Rational[]
  readonly bound: Rational
  readonly strict: boolean
}

/** All of its parts, or any of them. */
interface Combination<Kind extends 'and' | 'or'> {
  readonly kind: Kind
  readonly parts: readonly Formula[]
  /** Combinations inside each other, this one included. */
  readonly depth: number
}

export type Formula = Bound | Comparison | Combination<'and'> | Combination<'or'>

export const always: Formula = { kind: 'and', parts: [], depth: 1 }
export const never: Formula = { kind: 'or', parts: [], depth: 1 }

const isAlways = (formula: Formula) => formula.kind === 'and' && formula.parts.length === 0
const isNever = (formula: Formula) => formula.kind === 'or' && formula.parts.length === 0

export const and = (parts: readonly Formula[]): Formula => combined('and', parts, isAlways, isNever)
export const or = (parts: readonly Formula[]): Formula => combined('or', parts, isNever, isAlways)

function combined(
  kind: 'and' | 'or',
  all: readonly Formula[],
  isIdle: (part: Formula) => boolean,
  decides: (part: Formula) => boolean,
): Formula {
  const decisive = all.find(decides)
  if (decisive) return decisive
  const parts = all.filter((part) => !isIdle(part))
  if (parts.length === 1) return parts[0]
  return { kind, parts, depth: 1 + parts.reduce((most, part) => Math.max(most, depthOf(part)), 0) }
}

export const depthOf = (formula: Formula): number => ('depth' in formula ? formula.depth : 0)

/** Formulas may share parts, which are turned round once. */
const negations = new WeakMap<Formula, Formula>()

export function not(formula: Formula): Formula {
  const known = negations.get(formula)
  if (known) return known
  const negation = negationOf(formula)
  negations.set(formula, negation)
  negations.set(negation, formula)
  return negation
}

function negationOf(formula: Formula): Formula {
  if (formula.kind === 'and') return or(formula.parts.map(not))
  if (formula.kind === 'or') return and(formula.parts.map(not))
  const strict = !formula.strict
  if (formula.kind === 'bound') return { ...formula, isLower: !formula.isLower, strict }
  const coefficients = formula.coefficients.map((coefficient) => coefficient.negated)
  return { ...formula, coefficients, bound: formula.bound.negated, strict }
}

/** left ≤ right, or left < right. Takes both expressions over. */
export function comparison(left: Linear, right: Linear, strict: boolean): Formula {
  if (left.size === 1 && right.size === 1) {
    const bound = simpleBound(left, right, false, strict) ?? simpleBound(right, left, true, strict)
    if (bound) return bound
  }
  const difference = add(left, negate(right))
  const bound = difference.get(CONSTANT)?.negated ?? Rational.zero
  const variables: number[] = []
  const coefficients: Rational[] = []
  for (const [variable, value] of difference) {
    if (variable === CONSTANT || value.sign === 0) continue
    variables.push(variable)
    coefficients.push(value)
  }
  if (variables.length === 0) return bound.sign > (strict ? 0 : -1) ? always : never
  if (variables.length > 1 || !isInput(variables[0])) {
    return { kind: 'comparison', variables, coefficients, bound, strict }
  }
  const [factor] = coefficients
  const value = bound.times(factor!.reciprocal)
  return { kind: 'bound', input: indexOf(variables[0]), isLower: factor!.sign < 0, value, strict }
}

/** Most of what large files say: an input alone on one side, a number on the other. */
function simpleBound(side: Linear, other: Linear, isLower: boolean, strict: boolean): Formula | undefined {
  const value = other.get(CONSTANT)
  const [variable] = side.keys()
  if (!value || !isInput(variable!) || side.get(variable!) !== Rational.one) return undefined
  return { kind: 'bound', input: indexOf(variable!), isLower, value, strict }
}
