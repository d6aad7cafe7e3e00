/** Cross-entropy, of logits or of bounds of margins, as the run wants it: generalised by q, and mixed. */
import { forward } from '../../device/forward.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Tensor } from '../../device/tape.ts'
import { crossEntropy } from './cross-entropy.ts'
import type { LossInput } from './loss.ts'

const classesOf = ({ stages }: LoadedNetwork) => stages.at(-1)!.outputShape.channels

/** The loss of the logits at the given images, one for each example of the chunk: [input][example]. */
export function imageLoss(input: LossInput, images: Tensor): number {
  const { network, tape, chunk, weight, lossExponent } = input
  const classes = classesOf(network)
  const logits = forward(network, tape, images, { columns: chunk.columns, input: false, weights: true })
  return chunk.labels.reduce((sum, label, e) => {
    const scores = { tensor: logits, classes, first: e, step: chunk.columns }
    return sum + crossEntropy(scores, label, weight, lossExponent)
  }, 0)
}

/**
 * The loss of upper bounds of an example's margins (logit of each class minus that of the label): cross-entropy of the
 * worst logits there may be. It has what share the empirical loss leaves.
 */
export function boundLoss(input: LossInput, margins: Tensor, label: number): number {
  const { network, weight, empirical, lossExponent } = input
  const own = weight * (1 - empirical.share)
  const scores = { tensor: margins, classes: classesOf(network), first: 0, step: 1 }
  return crossEntropy(scores, label, own, lossExponent)
}
