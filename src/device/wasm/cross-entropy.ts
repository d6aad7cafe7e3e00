/** Cross-entropy on tensors, with its gradient written at once: losses are where backward starts. */
import type { Engine } from './engine.ts'
import type { Tensor } from '../tape.ts'

/**
 * Cross-entropy of one example's scores against its label, −log p, or with an exponent q > 0 the generalised one,
 * (1 − p^q)/q, which tends to it as q falls to 0 and is the probability of an error at 1 (Zhang & Sabuncu 2018). Adds
 * weight · gradient to the scores' gradient.
 * @param scores tensor with the score of class c at `first + c · step`
 * @param exponent 0 to 1
 * @returns weight · loss
 */
export function crossEntropy(
  engine: Engine,
  scores: Tensor,
  classes: number,
  label: number,
  weight: number,
  first = 0,
  step = 1,
  exponent = 0,
): number {
  const { f32 } = engine
  const at = (scores.pointer >> 2) + first
  let largest = -Infinity
  for (let c = 0; c < classes; c++) largest = Math.max(largest, f32[at + c * step])
  let sum = 0
  for (let c = 0; c < classes; c++) sum += Math.exp(f32[at + c * step] - largest)
  const gradient = (scores.gradient(engine) >> 2) + first
  const loss = largest + Math.log(sum) - engine.f32[at + label * step]
  // d(1 − p^q)/q = p^q · d(−log p)
  const damping = Math.exp(-exponent * loss)
  for (let c = 0; c < classes; c++) {
    const probability = Math.exp(engine.f32[at + c * step] - largest) / sum
    engine.f32[gradient + c * step] += damping * weight * (probability - (c === label ? 1 : 0))
  }
  return weight * (exponent === 0 ? loss : (1 - damping) / exponent)
}
