/** Cross-entropy on tensors, with its gradient written at once: losses are where backward starts. */
import type { Tensor } from '../../device/tape.ts'

/** The scores of one example: that of class c lies at `first + c · step`. */
export interface Scores {
  readonly tensor: Tensor
  readonly classes: number
  readonly first: number
  readonly step: number
}

/**
 * Cross-entropy of one example's scores against its label, −log p, or with an exponent q > 0 the generalised one,
 * (1 − p^q)/q, which tends to it as q falls to 0 and is the probability of an error at 1 (Zhang & Sabuncu 2018). Adds
 * weight · gradient to the scores' gradient.
 * @param exponent 0 to 1
 * @returns weight · loss
 */
export function crossEntropy(place: Scores, label: number, weight: number, exponent = 0): number {
  const { tensor, classes, first, step } = place
  const { gradient } = tensor
  const [scores, toScores] = [tensor.view(), gradient.view()]
  const { largest, sum } = exponentials(place)
  const loss = largest + Math.log(sum) - scores[first + label * step]
  // d(1 − p^q)/q = p^q · d(−log p)
  const damping = Math.exp(-exponent * loss)
  for (let c = 0; c < classes; c++) {
    const probability = Math.exp(scores[first + c * step] - largest) / sum
    toScores[first + c * step] += damping * weight * (probability - (c === label ? 1 : 0))
  }
  return weight * (exponent === 0 ? loss : (1 - damping) / exponent)
}

/** The loss alone, without a gradient. */
export function entropyOf(place: Scores, label: number, exponent = 0): number {
  const { tensor, first, step } = place
  const { largest, sum } = exponentials(place)
  const loss = largest + Math.log(sum) - tensor.view()[first + label * step]
  return exponent === 0 ? loss : (1 - Math.exp(-exponent * loss)) / exponent
}

/** The largest score, and Σ exp(score − largest). */
function exponentials({ tensor, classes, first, step }: Scores) {
  const scores = tensor.view()
  let largest = -Infinity
  for (let c = 0; c < classes; c++) largest = Math.max(largest, scores[first + c * step])
  let sum = 0
  for (let c = 0; c < classes; c++) sum += Math.exp(scores[first + c * step] - largest)
  return { largest, sum }
}
