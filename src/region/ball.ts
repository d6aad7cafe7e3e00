/**
 * The ball that attacks, training and certificates speak of: all x with ‖x − image‖ ≤ ε, and of these in the domain
 * 'pixels' only those of [0, 1]. It has no centre of its own: every image is one.
 *
 * ε, norm and domain are checked once, by `requireBall`, where they enter: a function that takes a `Ball` trusts it.
 * Settings, headers and rows of files that say all three extend it.
 */
import { UserError } from '../base/errors.ts'
import { type Domain, defaultDomain, requireDomain, trainingDomain } from './domain.ts'
import { type Norm, defaultNorm, describeNorm, largestEpsilon, requireNorm } from './norm.ts'

export interface Ball {
  /** Radius in pixel units, 0 to `largestEpsilon`. */
  readonly epsilon: number
  /** Under ℓ∞, a radius for each input value instead, 0 to 1; `epsilon` is the largest of them. */
  readonly epsilons?: readonly number[] | undefined
  readonly norm: Norm
  readonly domain: Domain
}

/** A ball as a caller asks for it. */
export interface BallOptions {
  /** Radius in pixel units, 0 to 1 for 'linf', to √n for 'l2', to n for 'l1', where images have n values. */
  readonly epsilon: number
  /** Of 'linf', a radius for each value of an image instead, 0 to 1 (0: it cannot move); `epsilon` is the largest of them. */
  readonly epsilons?: readonly number[] | undefined
  /** 'linf' if left out. */
  readonly norm?: Norm | undefined
  /** 'pixels' if left out. */
  readonly domain?: Domain | undefined
}

/** The ball of the paper's training and LP evaluation. With radius 0 it is the image alone. */
export const paperBall = (epsilon: number): Ball => ({ epsilon, norm: defaultNorm, domain: trainingDomain })

/** How far a value of an image may move, whatever the others do. */
export const radiusOf = ({ epsilon, epsilons }: Pick<Ball, 'epsilon' | 'epsilons'>, input: number): number =>
  epsilons ? epsilons[input] : epsilon

/** The ball with all radii in proportion, so that the largest is `epsilon`. */
export const scaledBall = (ball: Ball, epsilon: number): Ball => ({
  ...ball,
  epsilon,
  ...(ball.epsilons && { epsilons: ball.epsilons.map((each) => (each === 0 ? 0 : each * (epsilon / ball.epsilon))) }),
})

/**
 * The ball that was asked for, checked.
 * @param inputs values of an image
 * @throws UserError for an unknown norm or domain, an ε that cannot be, and radii that are not one for each value
 */
export function requireBall(options: BallOptions, inputs: number): Ball {
  const { epsilon } = options
  const norm = requireNorm(options.norm ?? defaultNorm)
  const most = largestEpsilon(norm, inputs)
  if (!(epsilon >= 0 && epsilon <= most)) {
    const what = norm === 'linf' ? 'ε' : `ε in ${describeNorm(norm)}`
    throw new UserError(
      `${what} must be a number from 0 to ${Number(most.toFixed(3))} (pixels are in [0, 1]), not ${epsilon}`,
    )
  }
  const domain = requireDomain(options.domain ?? defaultDomain)
  if (!options.epsilons) return { epsilon, norm, domain }
  requireRadii({ epsilon, epsilons: options.epsilons, norm }, inputs)
  return { epsilon, epsilons: [...options.epsilons], norm, domain }
}

/** @throws UserError unless there is a radius for each input, from 0 to 1, and `epsilon` is the largest of them */
export function requireRadii({ epsilon, epsilons = [], norm }: Omit<Ball, 'domain'>, inputs: number): void {
  if (norm !== 'linf') throw new UserError(`ε per value is for the norm ℓ∞, not ${describeNorm(norm)}`)
  if (epsilons.length !== inputs) {
    throw new UserError(`there are ${epsilons.length} ε for images of ${inputs} values: give one for each`)
  }
  const wrong = epsilons.findIndex((each) => !(each >= 0 && each <= 1))
  if (wrong >= 0) throw new UserError(`ε of value ${wrong} must be a number from 0 to 1, not ${epsilons[wrong]}`)
  const most = largestOf(epsilons)
  if (epsilon !== most) throw new UserError(`ε is ${epsilon}, but the largest ε of a value is ${most}: give that`)
}

export const largestOf = (epsilons: readonly number[]): number =>
  epsilons.reduce((most, each) => Math.max(most, each), 0)

/** More than float64 rounding can move x ± ε, for x of [0, 1], per unit of ε, at least 1. */
const OUTWARD = 2 ** -52

/** The least and the largest value of one pixel in the ball, rounded outwards. @param input which value of the image it is */
export function lowerEnd(pixel: number, ball: Ball, input: number): number {
  const [epsilon, { domain }] = [radiusOf(ball, input), ball]
  return Math.max(domain === 'pixels' ? 0 : -Infinity, pixel - epsilon - outward(ball, epsilon))
}
export function upperEnd(pixel: number, ball: Ball, input: number): number {
  const [epsilon, { domain }] = [radiusOf(ball, input), ball]
  return Math.min(domain === 'pixels' ? 1 : Infinity, pixel + epsilon + outward(ball, epsilon))
}

/** Nothing where one of several values cannot move: it is what it is, without rounding. */
const outward = ({ epsilons }: Ball, epsilon: number) =>
  epsilons && epsilon === 0 ? 0 : OUTWARD * Math.max(1, epsilon)
