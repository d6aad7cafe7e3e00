/**
 * The ball of inputs that the references bound, each input with a radius of its own (the paper's ε is the uniform case),
 * and the input's part of every bound, the first line of Eqn. 8 without g:
 *
 *   max over the ball of ν̂₁·x = ν̂₁·centre + ‖radius ⊙ ν̂₁‖,
 *
 * in the norm that is dual to the ball's: ℓ1 for ℓ∞, as the paper has it, ℓ2 for ℓ2, ℓ∞ for ℓ1. Exact.
 */
import type { Architecture } from '../model/network.ts'
import { type Ball, radiusOf } from '../region/ball.ts'
import { type Norm, dualNorm } from '../region/norm.ts'
import { dot } from './vectors.ts'

/** All x with |x − centre| ≤ radius, value by value. */
export interface CentredBox {
  readonly centre: Float64Array
  readonly radius: Float64Array
}

/**
 * All x for which the norm of the vector (x − centre)/radius is at most 1: under ℓ∞ the box itself, under ℓ2 and ℓ1 a part
 * of it. In pixel units, but where it says that it is normalised.
 */
export interface InputBall extends CentredBox {
  readonly norm: Norm
}

/** The whole ball around an image; [0, 1] does not cut it. */
export const inputBall = (image: ArrayLike<number>, ball: Omit<Ball, 'domain'>): InputBall => ({
  centre: Float64Array.from(image),
  radius: Float64Array.from(image, (_, input) => radiusOf(ball, input)),
  norm: ball.norm,
})

/**
 * The ball in the units that affine layers see: (pixels − mean) / deviation, if the network starts with a layer
 * `normalise`. Deviations are > 0.
 */
export function normalised<B extends CentredBox>({ input, layers }: Architecture, ball: B): B {
  const first = layers[0]
  if (first?.kind !== 'normalise') return ball
  const channel = (j: number) => Math.floor(j / (input.height * input.width))
  return {
    ...ball,
    centre: ball.centre.map((x, j) => (x - first.mean[channel(j)]) / first.deviation[channel(j)]),
    radius: ball.radius.map((r, j) => r / first.deviation[channel(j)]),
  }
}

/** What coefficients of the input make of a ball: their value at its centre, and how far it can move either way. */
export const inputTerm = (coefficients: Float64Array, { centre, radius, norm }: InputBall) => ({
  middle: dot(coefficients, centre),
  spread: dualNorm(
    norm,
    coefficients.map((v, j) => v * radius[j]),
  ),
})
