/**
 * Ordinary training: the cross-entropy of clean images, ℓ(f(x), y) = log Σ_c exp(f_c(x) − f_y(x)). It certifies nothing.
 */
import { areCorrect, imageLogits, logitsLoss } from './classification.ts'
import { type Loss, lossAlone } from './loss.ts'

export const natural = {
  name: 'natural',
  summary: 'cross-entropy of clean images',
  over: 'images',
  passes: 'chunk',
  isCrossEntropy: true,
  lay: (input) => {
    const logits = imageLogits(input, input.chunk.images)
    const isCorrect = areCorrect(logits, input.chunk)
    return { ...lossAlone(logitsLoss(input, logits)), cleanErrors: isCorrect.filter((correct) => !correct).length }
  },
} as const satisfies Loss
