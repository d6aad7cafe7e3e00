/** Cross-entropy, of logits or of bounds of margins, as the run wants it: generalised by q, and mixed. */
import type { Chunk } from '../../bounds/chunk.ts'
import { forward } from '../../device/forward.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Tensor } from '../../device/tape.ts'
import { largestIndex } from '../../model/evaluate.ts'
import { crossEntropy } from './cross-entropy.ts'
import { lossOfMargins, meanOfLosses } from './expressive.ts'
import type { LossInput } from './loss.ts'

const classesOf = ({ stages }: LoadedNetwork) => stages.at(-1)!.outputShape.channels

/** The logits at the given images, one for each example of the chunk: [input][example]. */
export const imageLogits = ({ network, tape, chunk: { columns } }: LossInput, images: Tensor): Tensor =>
  forward(network, tape, images, { columns, input: false, weights: true })

/** The loss of such logits. */
export function logitsLoss({ network, chunk, weight, lossExponent }: LossInput, logits: Tensor): number {
  const classes = classesOf(network)
  return chunk.labels.reduce((sum, label, e) => {
    const scores = { tensor: logits, classes, first: e, step: chunk.columns }
    return sum + crossEntropy(scores, label, weight, lossExponent)
  }, 0)
}

/** Of each example of a chunk, whether its label has the largest of the logits, [class][example]. */
export function areCorrect(logits: Tensor, { columns, labels }: Chunk): boolean[] {
  const scores = logits.read()
  return labels.map((label, e) => largestIndex(scores.filter((_, i) => i % columns === e)) === label)
}

/**
 * The loss of upper bounds of an example's margins (logit of each class minus that of the label): cross-entropy of the
 * worst logits there may be. It has what share the empirical loss leaves, or combines with that.
 */
export function boundLoss(input: LossInput, margins: Tensor, example: number): number {
  const { network, chunk, weight, empirical, empiricalLogits, lossExponent } = input
  const label = chunk.labels[example]
  const classes = classesOf(network)
  const bounds = { tensor: margins, classes, first: 0, step: 1 }
  if (!empiricalLogits) return crossEntropy(bounds, label, weight * (1 - empirical.share), lossExponent)
  const pair = { bounds, empirical: { tensor: empiricalLogits, classes, first: example, step: chunk.columns }, label }
  const combination = { weight, alpha: 1 - empirical.share, exponent: lossExponent }
  return empirical.combine === 'margins'
    ? lossOfMargins(network.device, pair, combination)
    : meanOfLosses(pair, combination)
}
