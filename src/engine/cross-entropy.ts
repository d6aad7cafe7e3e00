/** Cross-entropy on tensors, with its gradient written at once: losses are where backward starts. */
import type { Engine } from './engine.ts'
import type { Tensor } from './tape.ts'

/**
 * Cross-entropy of one example's scores against its label; adds weight · gradient to the scores' gradient.
 * @param scores tensor with the score of class c at `first + c · step`
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
): number {
  const { f32 } = engine
  const at = (scores.pointer >> 2) + first
  let largest = -Infinity
  for (let c = 0; c < classes; c++) largest = Math.max(largest, f32[at + c * step]!)
  let sum = 0
  for (let c = 0; c < classes; c++) sum += Math.exp(f32[at + c * step]! - largest)
  const gradient = (scores.gradient(engine) >> 2) + first
  for (let c = 0; c < classes; c++) {
    const probability = Math.exp(engine.f32[at + c * step]! - largest) / sum
    engine.f32[gradient + c * step]! += weight * (probability - (c === label ? 1 : 0))
  }
  return weight * (largest + Math.log(sum) - engine.f32[at + label * step]!)
}
