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
  readonly norm: Norm
  readonly domain: Domain
}

/** A ball as a caller asks for it. */
export interface BallOptions {
  /** Radius in pixel units, 0 to 1 for 'linf', to √n for 'l2', to n for 'l1', where images have n values. */
  readonly epsilon: number
  /** 'linf' if left out. */
  readonly norm?: Norm | undefined
  /** 'pixels' if left out. */
  readonly domain?: Domain | undefined
}

/** The ball of the paper's training and LP evaluation. With radius 0 it is the image alone. */
export const paperBall = (epsilon: number): Ball => ({ epsilon, norm: defaultNorm, domain: trainingDomain })

/**
 * The ball that was asked for, checked.
 * @param inputs values of an image
 * @throws UserError for an unknown norm or domain, and an ε that cannot be
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
  return { epsilon, norm, domain: requireDomain(options.domain ?? defaultDomain) }
}

/** More than float64 rounding can move x ± ε, for x of [0, 1], per unit of ε, at least 1. */
const OUTWARD = 2 ** -52

/** The least and the largest value of one pixel in the ball, rounded outwards. */
export const lowerEnd = (pixel: number, { epsilon, domain }: Ball): number =>
  Math.max(domain === 'pixels' ? 0 : -Infinity, pixel - epsilon - OUTWARD * Math.max(1, epsilon))
export const upperEnd = (pixel: number, { epsilon, domain }: Ball): number =>
  Math.min(domain === 'pixels' ? 1 : Infinity, pixel + epsilon + OUTWARD * Math.max(1, epsilon))
