/**
 * The multiplier η over ℓ2 and ℓ1 balls, where the paper has no rule; this one is ours: the η at which the derivative of
 * N(η) = ‖radius ⊙ (ν̂₁ + ηq̂₁)‖ passes the middle of its range, by bisection, and the t₀ that makes it optimal. The engine
 * has it in closed form: src/reference-space/multiplier.ts.
 */
import { dualNorm } from '../region/norm.ts'
import type { AdversarialSpace } from './adversarial-space.ts'
import { constantOfDerivative } from './derivative.ts'
import type { DualPass } from './dual-pass.ts'
import { dot } from './vectors.ts'

/** @returns η, 0 where the derivative never grows; t₀; and [l, r], the range of h's derivative at t = 0 */
export function middleMultiplier(space: AdversarialSpace): {
  readonly eta: number
  readonly t: number
  readonly range: readonly [l: number, r: number]
} {
  const { f, g, ball } = space
  const { norm } = ball
  const scaled = (of: DualPass) => of.inputCoefficients.map((v, j) => ball.radius[j] * v)
  const [u, w] = [scaled(f), scaled(g)]
  /** The derivative from the right: along the steepest of the subgradients. */
  const slopeAt = (eta: number): number => {
    const sum = u.map((v, j) => v + eta * w[j])
    const largest = dualNorm(norm, sum)
    if (largest === 0) return dualNorm(norm, w)
    if (norm === 'l2') return dot(sum, w) / largest
    return Math.max(...w.map((v, j) => (Math.abs(sum[j]) === largest ? Math.sign(sum[j]) * v : -Infinity)))
  }
  const constant = constantOfDerivative(space)
  const [lowest, highest] = [slopeAt(0), dualNorm(norm, w)]
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
