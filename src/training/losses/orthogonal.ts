/** The paper's first experiment (Section 4): f's input gradients across those of a naturally trained reference. */
import { type Loss, type LossInput, lossAlone } from './loss.ts'
import { orthogonalityLoss } from './orthogonality.ts'

export const orthogonal = {
  name: 'orthogonal',
  summary: "cross-entropy, with input gradients across those of a reference (the paper's Section 4)",
  over: 'images',
  passes: 'chunk',
  reference: 'natural',
  isCrossEntropy: false,
  lay: (input: LossInput) => {
    if (!input.reference) throw new RangeError('orthogonal needs a reference network')
    return lossAlone(orthogonalityLoss(input, input.reference))
  },
} as const satisfies Loss
