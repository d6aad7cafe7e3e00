/** Which inputs of a ball count: the whole ball, or only its images. */
import { UserError, unknownName } from '../base/errors.ts'

/**
 * 'unbounded': the whole ball, as in the paper's training and LP evaluation. 'pixels': the ball intersected with
 * [0, 1], all that an attacker can really send, as in Tjeng et al. 2019. What is proved over the whole ball holds for
 * pixels too; what is attacked in pixels is attacked in the whole ball too.
 */
export const domains = ['unbounded', 'pixels'] as const
export type Domain = (typeof domains)[number]

/** Of attacks and certificates: all that an attacker can send. */
export const defaultDomain: Domain = 'pixels'
/** Of training, and of bounds that are asked for by themselves: as in the paper. */
export const trainingDomain: Domain = 'unbounded'

/** @throws UserError for a name that is none of `domains` */
export function requireDomain(name: string): Domain {
  const domain = domains.find((known) => known === name)
  if (domain === undefined) throw unknownName('domain', name, domains)
  return domain
}

/** For people to read. */
export const describeDomain = (domain: Domain): string =>
  domain === 'pixels' ? 'pixels (the ball ∩ [0, 1])' : 'unbounded (the whole ball)'

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
