/** Over which inputs attacks and certificates speak: the whole ball, or only what of it is an image. */
import { UserError, unknownName } from '../errors.ts'

/**
 * 'unbounded': the whole ball, as in the paper's training and LP evaluation. 'pixels': the ball intersected with
 * [0, 1], all that an attacker can really send, as in Tjeng et al. 2019. What is proved over the whole ball holds for
 * pixels too; what is attacked in pixels is attacked in the whole ball too.
 */
export const domains = ['unbounded', 'pixels'] as const
export type Domain = (typeof domains)[number]

/** @throws UserError for a name that is none of `domains` */
export function requireDomain(name: string): Domain {
  const domain = domains.find((known) => known === name)
  if (domain === undefined) throw unknownName('domain', name, domains)
  return domain
}

/** For people. */
export const describeDomain = (domain: Domain): string =>
  domain === 'pixels' ? 'pixels (the ball ∩ [0, 1])' : 'unbounded (the whole ball)'

/** More than float64 rounding can move x ± ε, for x of [0, 1], per unit of ε, at least 1. */
const OUTWARD = 2 ** -52

/** Ends of a box, in pixel units. */
export interface Box {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/**
 * A box that contains every point of the domain, in any norm, and of ℓ∞ no point that is further than 4e-16 outside.
 * @param image pixel values in [0, 1]
 * @param epsilon radius of the ball in pixel units
 * @param box where to write it, if not into a new one
 * @throws UserError if the domain is 'pixels' and a pixel is not in [0, 1]: the ball's centre would be outside
 */
export function inputBox(image: ArrayLike<number>, epsilon: number, domain: Domain, box = emptyBox(image.length)): Box {
  const outward = OUTWARD * Math.max(1, epsilon)
  const clip = domain === 'pixels'
  const { length } = image
  const { lower, upper } = box
  for (let i = 0; i < length; i++) {
    const pixel = image[i]!
    if (clip && !(pixel >= 0 && pixel <= 1)) {
      throw new UserError(
        `pixel ${i} of the image is ${pixel}, which is not in [0, 1]: scale the image, or choose the ` +
          "domain 'unbounded'",
      )
    }
    const [low, high] = [pixel - epsilon - outward, pixel + epsilon + outward]
    lower[i] = clip ? Math.max(0, low) : low
    upper[i] = clip ? Math.min(1, high) : high
  }
  return box
}

/** Room for the ends of a box. */
export const emptyBox = (length: number): Box => ({ lower: new Float64Array(length), upper: new Float64Array(length) })
