/**
 * Robustra (Li et al. 2019): log Σ_c exp(m_c), where m_c bounds f_c(x′) − f_y(x′) only over the x′ of the ball that the
 * reference g might take for class c, g_c(x′) − g_y(x′) ≥ t₀ (reference-space/reference-space.ts). It certifies nothing:
 * certificates bound the whole ball.
 */
import { robustraMargins } from '../../reference-space/reference-space.ts'
import { boundLoss } from './classification.ts'
import { boundHidden, costOf } from './hidden-bounds.ts'
import { type Loss, type LossInput, lossAlone } from './loss.ts'

export const robustra = {
  name: 'robustra',
  summary: 'cross-entropy of LP-dual bounds over the reference adversarial space (Li et al. 2019)',
  over: 'bounds',
  passes: 'example',
  reference: 'mutual',
  isCrossEntropy: true,
  lay: (input: LossInput) => {
    const { network, reference, tape, chunk } = input
    if (!reference) throw new RangeError('robustra needs a reference network')
    const f = boundHidden(input, network, tape, 'projection')
    const g = boundHidden(input, reference, undefined, 'reference projection')
    const total = { ...lossAlone(0), ...costOf(f) }
    chunk.labels.forEach((_, e) => {
      const { margins, statistics } = robustraMargins(f, tape, g, e)
      total.loss += boundLoss(input, margins, e)
      total.t += statistics.t
      total.loose += statistics.loose
      total.tight += statistics.tight
      total.infeasible += statistics.infeasible
    })
    return total
  },
} as const satisfies Loss
