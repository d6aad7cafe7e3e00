/**
 * Comparisons of a file in float64, twice. For proofs they become linear constraints that hold wherever the file's do:
 * bounds are rounded up, and coefficients know how far they are off. For counterexamples they are tested as they stand.
 */
import { bits, greatestCommonDivisor } from './float64.ts'
import type { LinearConstraint } from '../../region/question.ts'
import type { Comparison } from './formula.ts'
import { Rational } from './rational.ts'

/** Coefficients between these stay as they are, if float64 can hold them. */
const [LEAST, LARGEST] = [1e-30, 1e30]
/** A bound beyond this is useless: all bounds on networks assume that numbers stay far below 1e100. */
const LARGEST_BOUND = 1e60
/** Coefficients with a larger common denominator are not small multiples of each other. */
const MOST_DENOMINATOR = 2n ** 200n

/**
 * @param place of a variable among the values
 * @returns one coefficient per output, then one per watched input; undefined if it says nothing about numbers of any use; else it may be scaled, to keep its coefficients exact
 */
export function widened(
  { variables, coefficients, bound, strict }: Comparison,
  size: number,
  place: (variable: number) => number,
): LinearConstraint | undefined {
  const factor = factorOf(coefficients)
  const scaledBound = bound.times(factor).ceiling
  if (scaledBound > LARGEST_BOUND) return undefined
  const [all, errors] = [new Float64Array(size), new Float64Array(size)]
  variables.forEach((variable, k) => {
    const scaled = coefficients[k].times(factor)
    all[place(variable)] = scaled.nearest
    // half the distance to the next float64 is less
    if (scaled.side !== 0) errors[place(variable)] = 2 ** -53 * Math.abs(scaled.nearest) + Number.MIN_VALUE
  })
  return {
    coefficients: all,
    bound: Math.max(scaledBound, -LARGEST_BOUND),
    strict,
    errors: errors.some((error) => error > 0) ? errors : undefined,
  }
}

/** Makes coefficients integers if float64 does not hold them; at least it brings them near 1 if they are far from it. */
function factorOf(coefficients: readonly Rational[]): Rational {
  const largest = coefficients.reduce((most, { nearest }) => Math.max(most, Math.abs(nearest)), 0)
  const isNear = largest >= LEAST && largest <= LARGEST
  if (isNear && coefficients.every(({ side }) => side === 0)) return Rational.one
  let [numerator, denominator] = [0n, 1n]
  for (const { fraction } of coefficients) {
    numerator = greatestCommonDivisor(numerator, fraction.numerator)
    denominator *= fraction.denominator / greatestCommonDivisor(denominator, fraction.denominator)
    if (denominator > MOST_DENOMINATOR) break
  }
  // in lowest terms, no other factor gives smaller integers
  const factor = Rational.fraction(denominator, numerator)
  if (coefficients.every((coefficient) => isSafe(coefficient.times(factor)))) return factor
  if (isNear) return Rational.one
  const { fraction } = coefficients.reduce((a, b) => (compareSizes(a, b) < 0 ? b : a))
  const shift = bits(fraction.numerator) - bits(fraction.denominator)
  return shift < 0 ? Rational.fraction(1n << BigInt(-shift), 1n) : Rational.fraction(1n, 1n << BigInt(shift))
}

const isSafe = ({ fraction: { numerator, denominator } }: Rational): boolean =>
  denominator === 1n && numerator <= Number.MAX_SAFE_INTEGER && numerator >= Number.MIN_SAFE_INTEGER

const sizeOf = (value: Rational): Rational => (value.sign < 0 ? value.negated : value)
const compareSizes = (a: Rational, b: Rational): number => sizeOf(a).compare(sizeOf(b))

/** Below this, float64 holds fewer digits of a coefficient. */
const LEAST_PRECISE = 1e-290

/**
 * Whether a comparison of the file holds of these values: exactly, both as float64 has them and as the decimals that
 * they are written as, so that it holds for every reader.
 * @param valueOf of a variable: finite
 */
export function holdsAt({ variables, coefficients, bound, strict }: Comparison, valueOf: ValueOf): boolean {
  let [excess, size, isPrecise] = [-bound.nearest, Math.abs(bound.nearest), true]
  coefficients.forEach(({ nearest }, k) => {
    const term = nearest * valueOf(variables[k])
    excess += term
    size += Math.abs(term)
    isPrecise &&= Math.abs(nearest) > LEAST_PRECISE
  })
  // float64 has rounded each coefficient, product and sum: nearly always that decides nothing
  if (isPrecise && Math.abs(excess) > 2 ** -50 * (coefficients.length + 2) * size + 1e-300) return excess < 0
  return [Rational.float64, (value: number) => Rational.decimal(`${value}`)!].every((exact) => {
    const { sign } = coefficients.reduce(
      (sum, coefficient, k) => sum.plus(coefficient.times(exact(valueOf(variables[k])))),
      bound.negated,
    )
    return sign < 0 || (sign === 0 && !strict)
  })
}

type ValueOf = (variable: number) => number
