/** Cross-entropy, of logits or of bounds of margins, as the run wants it: generalised by q, and mixed. */
import { crossEntropy } from '../../device/wasm/cross-entropy.ts'
import { forward } from '../../device/forward.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Tensor } from '../../device/tape.ts'
import type { LossInput } from './loss.ts'

const classesOf = ({ stages }: LoadedNetwork) => stages.at(-1)!.outputShape.channels

/** The loss of the logits at the given images, one for each example of the chunk: [input][example]. */
export function imageLoss(input: LossInput, images: Tensor): number {
  const { network, tape, chunk, weight, lossExponent } = input
  const classes = classesOf(network)
  const logits = forward(network, tape, images, chunk.columns, { input: false, weights: true })
  return chunk.labels.reduce(
    (sum, label, e) =>
      sum + crossEntropy(network.engine, logits, classes, label, weight, e, chunk.columns, lossExponent),
    0,
  )
}

/**
 * The loss of upper bounds of an example's margins (logit of each class minus that of the label): cross-entropy of the
 * worst logits there may be. It has what share the empirical loss leaves.
 */
export function boundLoss(input: LossInput, margins: Tensor, label: number): number {
  const { network, weight, empirical, lossExponent } = input
  const own = weight * (1 - empirical.share)
  return crossEntropy(network.engine, margins, classesOf(network), label, own, 0, 1, lossExponent)
}
