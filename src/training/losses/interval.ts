/**
 * Interval training (IBP; Gowal et al. 2018): log Σ_c exp(m_c), where m_c is an interval bound of the largest
 * f_c(x′) − f_y(x′) in the ball (bounds/interval.ts), so that this is an upper bound of the worst loss there, up to rounding.
 * With the regularisers of Shi et al. (2021) if they have a weight.
 */
import { intervalMargins, propagateIntervals } from '../../bounds/interval.ts'
import { boundLoss } from './classification.ts'
import { type Loss, type LossInput, lossAlone } from './loss.ts'
import { regularise } from './regularisers.ts'

export const interval = {
  name: 'interval',
  summary: 'cross-entropy of interval bounds (IBP, Gowal et al. 2018)',
  over: 'bounds',
  passes: 'chunk',
  isCrossEntropy: true,
  isInterval: true,
  lay: (input: LossInput) => {
    const { network, tape, chunk, weight, regularisation } = input
    const { hidden, last: ball } = propagateIntervals(network, tape, chunk)
    const worst = chunk.labels.reduce((sum, label, e) => {
      const margins = intervalMargins(network, tape, ball, { columns: chunk.columns, example: e, label })
      return sum + boundLoss(input, margins, e)
    }, 0)
    const penalty = regularisation > 0 ? regularise(chunk, hidden, regularisation * weight * chunk.count) : 0
    return lossAlone(worst + penalty)
  },
} as const satisfies Loss
