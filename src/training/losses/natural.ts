/**
 * Ordinary training: the cross-entropy of clean images, ℓ(f(x), y) = log Σ_c exp(f_c(x) − f_y(x)). It certifies nothing.
 */
import { imageLoss } from './classification.ts'
import { type Loss, lossAlone } from './loss.ts'

export const natural = {
  name: 'natural',
  summary: 'cross-entropy of clean images',
  over: 'images',
  passes: 'chunk',
  isCrossEntropy: true,
  lay: (input) => lossAlone(imageLoss(input, input.chunk.ball.centre)),
} as const satisfies Loss
