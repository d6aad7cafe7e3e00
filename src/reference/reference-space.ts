/**
 * Slow float64 version of the bound over the reference adversarial space, for one example and one target: the oracle
 * that the tests hold the training objective against.
 *
 * Problem: an upper bound of cᵀf(x), c = e_target − e_label, over those x of the box that have cᵀg(x) ≥ t.
 * Method: the Lagrangian dual h(η) of the relaxed problem, η ≥ 0 the multiplier of cᵀg(x) ≥ t.
 * Property: h(η) is sound over that space for every η ≥ 0 and t; it certifies nothing about the rest of the box.
 * Source: Robustra (Li et al. 2019), sections 5.3 and 5.4, Eqns. 7 to 11, mended as DESIGN.md section 4 says; the
 * radius here may differ from input to input (the paper's ε is the uniform case). All but `objectiveLong` and
 * `middleMultiplier` are for ℓ∞, as the paper is.
 *
 * Words for the paper's letters: f's coefficients of the input are ν̂_1, g's are q̂_1; a *transition point* of input j
 * is the η at which ν̂_1j + η q̂_1j changes sign. ε γ(η) is here Σ_j radius_j sgn(ν̂_1j + η q̂_1j) q̂_1j.
 */
import { type Bounds, type DualPass, marginSpecification, referenceDualBounds, referenceDualPass } from './reference.ts'
import { type Norm, dualNorm } from '../region/norm.ts'
import { type Box, normalisedBox, referenceStages } from './reference-stages.ts'
import type { Network } from '../model/network.ts'

/** Inputs whose |q̂_1j| is less are taken to have no transition point. */
export const negligibleCoefficient = 1e-7

/** All that the bound of one target needs to know of f, g and the box. */
export interface AdversarialSpace {
  readonly f: DualPass
  readonly g: DualPass
  /** In normalised units, as the coefficients are. */
  readonly box: Box
  /** 'linf' if left out. */
  readonly norm?: Norm
}

export type Tightness = 'loose' | 'tight' | 'infeasible'

/**
 * @param boundsOf the bounds that the slopes come from; the paper's by default
 * @throws RangeError if f and g do not normalise their input alike
 */
export function referenceAdversarialSpace(
  f: Network,
  g: Network,
  label: number,
  target: number,
  centre: Float64Array,
  radius: Float64Array,
  boundsOf: (
    network: Network,
    centre: Float64Array,
    radius: Float64Array,
    norm: Norm,
  ) => Bounds[] = referenceDualBounds,
  norm: Norm = 'linf',
): AdversarialSpace {
  const box = normalisedBox(f.architecture, centre, radius)
  const boxOfG = normalisedBox(g.architecture, centre, radius)
  if (box.centre.some((x, j) => x !== boxOfG.centre[j]) || box.radius.some((r, j) => r !== boxOfG.radius[j])) {
    throw new RangeError('f and g must normalise their input alike')
  }
  const pass = (network: Network) => {
    const stages = referenceStages(network)
    const specification = marginSpecification(stages, target, label)
    return referenceDualPass(
      network,
      boundsOf(network, centre, radius, norm),
      specification,
      stages.length - 1,
      centre,
      radius,
      norm,
    )
  }
  return { f: pass(f), g: pass(g), box, norm }
}

/** −ν̂_1j / q̂_1j of every input j, of any sign; NaN where |q̂_1j| is negligible. */
export const transitionPoints = ({ f, g }: AdversarialSpace): Float64Array =>
  g.inputCoefficients.map((q, j) => (Math.abs(q) < negligibleCoefficient ? NaN : -f.inputCoefficients[j] / q))

/**
 * η_med: the lower median of the positive transition points, that is element ⌊(n − 1) / 2⌋ of the n of them in
 * ascending order, hence itself a transition point; 0 if there is none.
 */
export function medianTransition(space: AdversarialSpace): number {
  const positive = transitionPoints(space)
    .filter((eta) => eta > 0)
    .sort()
  return positive.length === 0 ? 0 : positive[Math.floor((positive.length - 1) / 2)]
}

/**
 * sgn(ν̂_1j + η q̂_1j) of every input j, with sgn(0) = 0. It is decided by comparing η with the transition point, so
 * that it is exactly 0 for the input (or inputs) whose transition point η is, whatever the sum rounds to.
 */
export function signsAt(space: AdversarialSpace, eta: number): Float64Array {
  const { f, g } = space
  return transitionPoints(space).map((transition, j) =>
    Number.isNaN(transition)
      ? Math.sign(f.inputCoefficients[j] + eta * g.inputCoefficients[j])
      : Math.sign(eta - transition) * Math.sign(g.inputCoefficients[j]),
  )
}

/**
 * dh/dη at η (Eqn. 10): Σ_j radius_j sgn_j q̂_1j − t + C, where the first sum is the paper's ε γ(η). At a transition
 * point sgn(0) = 0 makes it the mean of the derivatives on the left and on the right, hence a subgradient.
 */
export const derivative = (space: AdversarialSpace, eta: number, t: number): number =>
  derivativeOfNorm(space, signsAt(space, eta)) - t + constantOfDerivative(space)

/** ε γ for given signs. */
const derivativeOfNorm = ({ g, box }: AdversarialSpace, signs: Float64Array): number =>
  g.inputCoefficients.reduce((sum, q, j) => sum + box.radius[j] * signs[j] * q, 0)

/** C of Eqn. 10: xᵀq̂_1 + Σ q_{i+1}ᵀd_i − Σ l' [q]_+. */
const constantOfDerivative = ({ g, box }: AdversarialSpace): number => dot(g.inputCoefficients, box.centre) + g.constant

/** t_0: the t at which the derivative at η, η_med if not given, is 0. */
export const tZero = (space: AdversarialSpace, eta = medianTransition(space)): number => derivative(space, eta, 0)

/** h(η) at a given t: Eqn. 8, term by term. */
export function objectiveLong({ f, g, box, norm = 'linf' }: AdversarialSpace, eta: number, t: number): number {
  const coefficients = f.inputCoefficients.map((v, j) => v + eta * g.inputCoefficients[j])
  const largest = dualNorm(
    norm,
    coefficients.map((v, j) => box.radius[j] * v),
  )
  return dot(coefficients, box.centre) + largest - eta * t + f.constant + eta * g.constant
}

/**
 * For ℓ2 and ℓ1 balls: the η at which the derivative of ‖radius·(ν̂₁ + ηq̂₁)‖ passes the middle of its range, by
 * bisection, the t₀ that makes it optimal, and [l, r] at t = 0. η is 0 where the derivative never grows.
 */
export function middleMultiplier(space: AdversarialSpace): {
  readonly eta: number
  readonly t: number
  readonly range: readonly [l: number, r: number]
} {
  const { f, g, box, norm } = space
  const scaled = (of: DualPass) => of.inputCoefficients.map((v, j) => box.radius[j] * v)
  const [u, w] = [scaled(f), scaled(g)]
  /** The derivative from the right: along the steepest of the subgradients. */
  const slopeAt = (eta: number): number => {
    const sum = u.map((v, j) => v + eta * w[j])
    const largest = dualNorm(norm!, sum)
    if (largest === 0) return dualNorm(norm!, w)
    if (norm === 'l2') return dot(sum, w) / largest
    return Math.max(...w.map((v, j) => (Math.abs(sum[j]) === largest ? Math.sign(sum[j]) * v : -Infinity)))
  }
  const constant = constantOfDerivative(space)
  const [lowest, highest] = [slopeAt(0), dualNorm(norm!, w)]
  const middle = (lowest + highest) / 2
  const range = [lowest + constant, highest + constant] as const
  if (highest - lowest <= 1e-9 * highest) return { eta: 0, t: lowest + constant, range }
  let [low, high] = [0, 1]
  while (slopeAt(high) < middle) high *= 2
  for (let i = 0; i < 200; i++) {
    const between = (low + high) / 2
    if (slopeAt(between) < middle) low = between
    else high = between
  }
  return { eta: high, t: middle + constant, range }
}

/**
 * h(η_med) at t_0 with t_0 put in: xᵀν̂_1 + Σ_j radius_j sgn_j ν̂_1j + f's constant (DESIGN.md section 4). It equals
 * `objectiveLong(space, η, t)` for any signs in the subdifferential at η and the t that they make stationary.
 */
export const objectiveShort = (space: AdversarialSpace, signs = signsAt(space, medianTransition(space))): number => {
  const { f, box } = space
  const norm = f.inputCoefficients.reduce((sum, v, j) => sum + box.radius[j] * signs[j] * v, 0)
  return dot(f.inputCoefficients, box.centre) + norm + f.constant
}

/**
 * [l, r]: the least and the greatest derivative on η ≥ 0 (Theorem 2). Both are limits from the right: l is the
 * derivative just above 0, r that beyond the largest transition point, Σ_j radius_j |q̂_1j| − t + C. (With sgn(0) = 0
 * *at* that point the theorem would not hold: the derivative still jumps up there.) So r is g's ordinary bound less t.
 */
export function derivativeRange(space: AdversarialSpace, t: number): [l: number, r: number] {
  const { f, g } = space
  const beyond = g.inputCoefficients.map(Math.sign)
  const aboveZero = f.inputCoefficients.map((v, j) => Math.sign(v) || beyond[j])
  const withSigns = (signs: Float64Array) => derivativeOfNorm(space, signs) - t + constantOfDerivative(space)
  return [withSigns(aboveZero), withSigns(beyond)]
}

/**
 * How the constraint cᵀg(x) ≥ t acts (section 5.4). Loose (0 ≤ l): η = 0 is optimal, g does not matter. Infeasible
 * (r ≤ 0): h has no minimum (r < 0), or g's bound barely reaches t (r = 0). Else tight: some η > 0 is optimal.
 */
export function tightness(space: AdversarialSpace, t: number): Tightness {
  const [l, r] = derivativeRange(space, t)
  return l >= 0 ? 'loose' : r <= 0 ? 'infeasible' : 'tight'
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, j) => sum + v * b[j], 0)
