/**
 * The Lagrangian dual of the relaxed problem over the reference space, η ≥ 0 the multiplier of cᵀg(x) ≥ t (Robustra,
 * Eqns. 7, 8 and 11): with ν̂₁ + ηq̂₁ in the input's term,
 *
 *   h(η) = x·(ν̂₁ + ηq̂₁) + ‖radius ⊙ (ν̂₁ + ηq̂₁)‖ − ηt + f's constant + η g's constant.
 *
 * Sound over the reference space for every η ≥ 0 and t; it certifies nothing about the rest of the ball. `objectiveLong`
 * is for every norm, `objectiveShort` for ℓ∞, as the paper is.
 */
import type { AdversarialSpace } from './adversarial-space.ts'
import { inputTerm } from './input-ball.ts'
import { medianTransition, signsAt } from './transitions.ts'
import { dot } from './vectors.ts'

/** h(η) at a given t: Eqn. 8, term by term. */
export function objectiveLong({ f, g, ball }: AdversarialSpace, eta: number, t: number): number {
  const coefficients = f.inputCoefficients.map((v, j) => v + eta * g.inputCoefficients[j])
  const { middle, spread } = inputTerm(coefficients, ball)
  return middle + spread - eta * t + f.constant + eta * g.constant
}

/**
 * h(η_med) at t_0 with t_0 put in: xᵀν̂_1 + Σ_j radius_j sgn_j ν̂_1j + f's constant (docs/decisions.md). It equals
 * `objectiveLong(space, η, t)` for any signs in the subdifferential at η and the t that they make stationary.
 */
export const objectiveShort = (space: AdversarialSpace, signs = signsAt(space, medianTransition(space))): number => {
  const { f, ball } = space
  const norm = f.inputCoefficients.reduce((sum, v, j) => sum + ball.radius[j] * signs[j] * v, 0)
  return dot(f.inputCoefficients, ball.centre) + norm + f.constant
}
