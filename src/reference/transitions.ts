/**
 * Where the derivative of h jumps (Robustra, Theorem 1): the *transition point* of input j is the η at which
 * ν̂_1j + η q̂_1j changes sign, −ν̂_1j / q̂_1j. The paper takes the median of the positive ones, η_med, as the multiplier
 * (Section 5.4). For ℓ∞ balls; for others see multiplier.ts.
 */
import type { AdversarialSpace } from './adversarial-space.ts'

/** Inputs whose |q̂_1j| is less are taken to have no transition point. */
export const negligibleCoefficient = 1e-7

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
