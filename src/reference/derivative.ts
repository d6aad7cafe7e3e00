/**
 * The derivative of h by the multiplier (Robustra, Eqn. 10) and what its range says of the space (Theorem 2):
 *
 *   h′(η) = Σ_j radius_j sgn(ν̂_1j + η q̂_1j) q̂_1j − t + C
 *
 * It never falls. For ℓ∞ balls; for others see multiplier.ts.
 */
import type { AdversarialSpace } from './adversarial-space.ts'
import { medianTransition, signsAt } from './transitions.ts'
import { dot } from './vectors.ts'

export type Tightness = 'loose' | 'tight' | 'infeasible'

/**
 * dh/dη at η (Eqn. 10): Σ_j radius_j sgn_j q̂_1j − t + C, where the first sum is the paper's ε γ(η). At a transition
 * point sgn(0) = 0 makes it the mean of the derivatives on the left and on the right, hence a subgradient.
 */
export const derivative = (space: AdversarialSpace, eta: number, t: number): number =>
  derivativeOfNorm(space, signsAt(space, eta)) - t + constantOfDerivative(space)

/** ε γ for given signs. */
const derivativeOfNorm = ({ g, ball }: AdversarialSpace, signs: Float64Array): number =>
  g.inputCoefficients.reduce((sum, q, j) => sum + ball.radius[j] * signs[j] * q, 0)

/** C of Eqn. 10: xᵀq̂_1 + Σ q_{i+1}ᵀd_i − Σ l' [q]_+. */
export const constantOfDerivative = ({ g, ball }: AdversarialSpace): number =>
  dot(g.inputCoefficients, ball.centre) + g.constant

/** t_0: the t at which the derivative at η, η_med if not given, is 0. */
export const tZero = (space: AdversarialSpace, eta = medianTransition(space)): number => derivative(space, eta, 0)

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
