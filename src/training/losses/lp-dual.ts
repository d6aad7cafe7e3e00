/**
 * Wong & Kolter (2018): log Σ_c exp(m_c), where m_c is the LP-dual bound of the largest f_c(x′) − f_y(x′) in the ball
 * (bounds/dual.ts), so that this is an upper bound of the worst loss there, up to rounding.
 */
import { dualMargins } from '../../bounds/margins.ts'
import { boundLoss } from './classification.ts'
import { boundHidden, costOf } from './hidden-bounds.ts'
import { type Loss, type LossInput, lossAlone } from './loss.ts'

export const lpDual = {
  name: 'lp-dual',
  summary: 'cross-entropy of LP-dual bounds (Wong & Kolter 2018)',
  over: 'bounds',
  passes: 'example',
  isCrossEntropy: true,
  lay: (input: LossInput) => {
    const { network, tape, chunk } = input
    const bounds = boundHidden(input, network, tape, 'projection')
    const loss = chunk.labels.reduce((sum, _, e) => {
      const margins = dualMargins(bounds, tape, e)
      return sum + boundLoss(input, margins, e)
    }, 0)
    return { ...lossAlone(loss), ...costOf(bounds) }
  },
} as const satisfies Loss
