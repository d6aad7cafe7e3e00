/**
 * TAPS (Mao et al. 2023): ℓ(a)·ℓ(m), where m are interval bounds of the margins (interval.ts), and a the margins that attacks
 * find in a latent box (latent.ts), behind intervals through the first layers only. So the second factor is a bound of
 * the worst loss, and the first an estimate of it that is at most as large. Gradients weigh the factors differently, 2w for
 * the first and 2 − 2w for the second. Over smaller boxes (mixture.ts) it is STAPS. It certifies nothing.
 */
import { intervalMargins, propagateIntervals } from '../../bounds/interval.ts'
import { crossEntropy, entropyOf } from './cross-entropy.ts'
import { latentMargins, latentStage } from './latent.ts'
import { type Loss, type LossInput, lossAlone } from './loss.ts'
import { regularise } from './regularisers.ts'

/** w: the paper's w_TAPS = w/(1 − w) of 5. */
export const LATENT_WEIGHT = 5 / 6

export const taps = {
  name: 'taps',
  summary: 'product of interval and latent PGD cross-entropy (TAPS, STAPS on smaller boxes, Mao et al. 2023)',
  over: 'bounds',
  passes: 'chunk',
  isCrossEntropy: false,
  isInterval: true,
  lay: (input: LossInput) => {
    const { network, tape, chunk, regularisation, attackedLayers } = input
    const stage = latentStage(network.stages, attackedLayers)
    if (stage === undefined) throw new RangeError(`taps cannot attack the last ${attackedLayers} hidden layers`)
    const weight = input.weight * (1 - input.empirical.share)
    const { hidden, behind, last } = propagateIntervals(network, tape, chunk)
    const attacked = latentMargins({ network, stage, chunk }, tape, behind[stage], input)
    const classes = network.stages.at(-1)!.outputShape.channels
    const loss = chunk.labels.reduce((sum, label, e) => {
      const margins = intervalMargins(network, tape, last, { columns: chunk.columns, example: e, label })
      const latent = { tensor: attacked, classes, first: e, step: chunk.columns }
      const bounds = { tensor: margins, classes, first: 0, step: 1 }
      const [ofLatent, ofBounds] = [entropyOf(latent, label), entropyOf(bounds, label)]
      crossEntropy(latent, label, weight * 2 * LATENT_WEIGHT * ofBounds)
      crossEntropy(bounds, label, weight * 2 * (1 - LATENT_WEIGHT) * ofLatent)
      return sum + weight * ofLatent * ofBounds
    }, 0)
    const penalty = regularisation > 0 ? regularise(chunk, hidden, regularisation * input.weight * chunk.count) : 0
    return lossAlone(loss + penalty)
  },
} as const satisfies Loss
