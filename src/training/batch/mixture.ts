/**
 * How losses over bounds compose with others on a GPU, as losses/mixture.ts composes them: an empirical loss has a share of
 * the total, or is combined with the bounds, which may hold over smaller boxes around adversarial examples.
 */
import { combined, crossEntropy, marginsOf } from '../../device/webgpu/cross-entropy.ts'
import { smallBox } from '../../device/webgpu/climb.ts'
import { padded } from '../../device/webgpu/extents.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { cleanLogits, errorsOf, lossOfLogits, worstLogits, worstPoints } from './empirical.ts'
import type { BatchLossInput, RecordBounds, RecordLoss } from './loss.ts'

/** The loss over some bounds, composed as the variant says. */
export const over =
  (bounds: RecordBounds): RecordLoss =>
  (plan, input) => {
    const { variant, stages, ball } = input
    const classes = stages.at(-1)!.outputShape.channels
    const { margins, ...besides } = bounds(plan, withSmallBoxes(plan, input))
    const scores = marginsOf(margins, classes, padded(classes))
    const { labels, batch } = ball
    if (variant.empirical === 'none') {
      return { loss: crossEntropy(plan, { scores, labels, batch, share: 'all' }), ...besides }
    }
    const isClean = variant.empirical === 'clean'
    const logits = isClean ? cleanLogits(plan, input, input) : worstLogits(plan, input)
    const errors = isClean ? { cleanErrors: errorsOf(plan, input, logits) } : {}
    if (variant.combine !== 'losses') {
      const loss = combined(plan, { bounds: scores, empirical: logits, labels, batch, how: variant.combine })
      return { loss, ...errors, ...besides }
    }
    const loss = crossEntropy(plan, { scores, labels, batch, share: 'bounds' })
    return { loss, empiricalLoss: lossOfLogits(plan, input, logits, 'empirical'), ...errors, ...besides }
  }

/**
 * Müller et al. (2023): boxes of λ times the balls' radii around adversarial examples, which are searched for in balls of
 * 1 − λ times the radii, so that every box lies within its ball.
 */
function withSmallBoxes(plan: Plan, input: BatchLossInput): BatchLossInput {
  const { ball, variant } = input
  if (variant.boxShare === 1) return input
  const room = smallBox(plan, { box: ball.box, share: 1 - variant.boxShare })
  const centre = worstPoints(plan, input, room)
  return { ...input, ball: { ...ball, box: smallBox(plan, { box: ball.box, centre, share: variant.boxShare }) } }
}
