/**
 * Adversarial training (Madry et al. 2018): ℓ(f(x′), y) with the worst x′ in the ball that PGD finds, a lower bound of the
 * worst loss there. It certifies nothing.
 */
import { attackChunk } from '../../attacks/gradient-attack.ts'
import { imageLogits, logitsLoss } from './classification.ts'
import { type Loss, lossAlone } from './loss.ts'

export const adversarial = {
  name: 'adversarial',
  summary: 'cross-entropy of the worst images that PGD finds (Madry et al. 2018)',
  over: 'attacks',
  passes: 'chunk',
  isCrossEntropy: true,
  lay: (input) => {
    const worst = attackChunk(input.network, input.attacked, input.attack, input.identifiers)
    return lossAlone(logitsLoss(input, imageLogits(input, worst)))
  },
} as const satisfies Loss
