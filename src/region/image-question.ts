/** The question that certification asks about an image: may any image of the domain reach another class? */
import { type Domain, inputBox } from './domain.ts'
import type { Norm } from './norm.ts'
import { type InputRegion, type Question, classificationQuestion } from './question.ts'

/** What a domain is made of around each image. */
export interface DomainSettings {
  /** Radius of the ball in pixel units. */
  readonly epsilon: number
  /** 'linf' if left out. */
  readonly norm?: Norm | undefined
  readonly domain: Domain
}

/**
 * Over an ℓ∞ ball, or what of it is in [0, 1], the question is about a box. Over an ℓ2 or ℓ1 ball it is about what of the
 * box around it, cut at [0, 1] or not, lies in the ball.
 * @throws UserError if a pixel is not in the domain
 */
export function imageQuestion(image: Float32Array, label: number, classes: number, settings: DomainSettings): Question {
  const { lower, upper, ball } = imageRegion(image, settings)
  return classificationQuestion(lower, upper, label, classes, ball)
}

/** What it is about. */
export function imageRegion(image: Float32Array, { epsilon, norm = 'linf', domain }: DomainSettings): InputRegion {
  const box = inputBox(image, epsilon, domain)
  if (norm === 'linf') return box
  return { ...box, ball: { norm, centre: Float64Array.from(image), radius: epsilon } }
}
