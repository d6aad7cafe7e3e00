/**
 * How losses over bounds compose with others, into the losses of later work (and of those with the reference space on top):
 * - an empirical loss takes a share of the total, that of clean images (Gowal et al. 2018) or of adversarial ones (MTL-IBP
 *   of De Palma et al. 2024), or is combined with the bounds in one of the other ways of these (expressive.ts);
 * - the bounds hold over a smaller box around an adversarial example (SABR, Müller et al. 2023).
 * Dual losses may also bound hidden neurons by intervals (CROWN-IBP; hidden-bounds.ts), and every cross-entropy may be a
 * generalised one, in which images that are hopeless anyway weigh less (cross-entropy.ts).
 */
import { attackChunk } from '../../attacks/gradient-attack.ts'
import { type Chunk, subBalls } from '../../bounds/chunk.ts'
import { forward } from '../../device/forward.ts'
import type { Tensor } from '../../device/tape.ts'
import { adversarial } from './adversarial.ts'
import { areCorrect, imageLogits } from './classification.ts'
import { type Method, lossOf } from './list.ts'
import { type LossInput, type LossResult, addResults } from './loss.ts'
import { natural } from './natural.ts'

/**
 * Lays the loss of a method on the tape, composed as the input says. Where no part of it looks at clean images, they go
 * through the network once more, so that their errors are known.
 */
export function layLoss(method: Method, input: LossInput): LossResult {
  const result = layMixture(method, input)
  return { ...result, cleanErrors: result.cleanErrors ?? countCleanErrors(input) }
}

function countCleanErrors({ network, chunk }: LossInput): number {
  const { device } = network
  const mark = device.mark()
  const { columns, images } = chunk
  const logits = forward(network, undefined, images, { columns, input: false, weights: false })
  const errors = areCorrect(logits, chunk).filter((correct) => !correct).length
  device.release(mark)
  return errors
}

function layMixture(method: Method, input: LossInput): LossResult {
  const { empirical, weight } = input
  const loss = lossOf(method)
  if (loss.over !== 'bounds') return loss.lay(input)
  if (empirical.share > 0 && empirical.combine !== 'losses') {
    return loss.lay({ ...input, empiricalLogits: empiricalLogits(input), chunk: smallBoxes(input) })
  }
  const bounded = loss.lay({ ...input, chunk: smallBoxes(input) })
  if (empirical.share === 0) return bounded
  const mixed = (empirical.loss === 'clean' ? natural : adversarial).lay({ ...input, weight: weight * empirical.share })
  return addResults(bounded, mixed)
}

/** Logits of the images, clean or adversarial. */
function empiricalLogits(input: LossInput): Tensor {
  const { network, chunk, attacked, attack, identifiers } = input
  const isClean = input.empirical.loss === 'clean'
  return imageLogits(input, isClean ? chunk.images : attackChunk(network, attacked, attack, identifiers))
}

/**
 * Müller et al. (2023): boxes of λ times the balls' radii around adversarial examples, which are searched for in balls of
 * 1 − λ times the radii, so that every box lies within its ball.
 */
function smallBoxes({ network, chunk, attack, boxShare, identifiers }: LossInput): Chunk {
  if (boxShare === 1) return chunk
  const { device } = network
  const room = subBalls(device, chunk, chunk.ball.centre, 1 - boxShare)
  return subBalls(device, chunk, attackChunk(network, room, attack, identifiers), boxShare)
}
