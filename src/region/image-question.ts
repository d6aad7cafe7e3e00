/** Questions about a class: may any input of a region reach another one? Certification asks it of each image. */
import { checkLabel } from '../model/checked.ts'
import type { Ball } from './ball.ts'
import type { Question } from './question.ts'
import { type Region, imageRegion } from './region.ts'

/**
 * The question that certification asks about an image.
 * @throws UserError if a pixel is not in the domain
 */
export const imageQuestion = (image: Float32Array, label: number, classes: number, ball: Ball): Question =>
  classificationQuestion(imageRegion(image, ball), label, classes)

/** No other class may reach the label: ties are unsafe. @throws UserError for a label that is no class */
export function classificationQuestion(region: Region, label: number, classes: number): Question {
  checkLabel(label, classes)
  return {
    ...region,
    unsafe: Array.from({ length: classes }, (_, target) => target)
      .filter((target) => target !== label)
      .map((target) => [
        {
          coefficients: Float64Array.from({ length: classes }, (_, c) => Number(c === label) - Number(c === target)),
          bound: 0,
        },
      ]),
  }
}
