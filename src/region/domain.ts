/** Over which inputs attacks and certificates speak: the whole ball, or only what of it is an image. */
import { UserError, unknownName } from '../base/errors.ts'

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
 * @throws UserError if the domain is 'pixels' and a pixel is not in [0, 1]: the ball's centre would be outside
 */
export function inputBox(image: ArrayLike<number>, epsilon: number, domain: Domain): Box {
  if (domain === 'pixels') requirePixels(image)
  return {
    lower: Float64Array.from(image, (pixel) => lowerEnd(pixel, epsilon, domain)),
    upper: Float64Array.from(image, (pixel) => upperEnd(pixel, epsilon, domain)),
  }
}

/** The ends of `inputBox` for one pixel. */
export const lowerEnd = (pixel: number, epsilon: number, domain: Domain): number =>
  Math.max(domain === 'pixels' ? 0 : -Infinity, pixel - epsilon - OUTWARD * Math.max(1, epsilon))
export const upperEnd = (pixel: number, epsilon: number, domain: Domain): number =>
  Math.min(domain === 'pixels' ? 1 : Infinity, pixel + epsilon + OUTWARD * Math.max(1, epsilon))

/** @throws UserError if a pixel is not in [0, 1] */
export function requirePixels(image: ArrayLike<number>): void {
  for (let i = 0, { length } = image; i < length; i++) {
    const pixel = image[i]
    if (pixel >= 0 && pixel <= 1) continue
    throw new UserError(
      `pixel ${i} of the image is ${pixel}, which is not in [0, 1]: scale the image, or choose the ` +
        "domain 'unbounded'",
    )
  }
}
