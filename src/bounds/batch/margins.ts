/**
 * Margins of a batch by a last dual pass, recorded: rows W[target] − W[label] of all examples and targets go back to the
 * image together (Li et al. 2019, Eqns. 7 to 9), as ../margins.ts carries those of one example.
 * Sound: no, since a GPU's rounding is not bounded. Complete: no.
 */
import { intervalMargins } from '../../device/webgpu/interval-margins.ts'
import { padded } from '../../device/webgpu/extents.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { closeMargins } from '../../device/webgpu/rows-close.ts'
import { startMargins } from '../../device/webgpu/rows-start.ts'
import { smaller } from '../../device/webgpu/smaller.ts'
import type { Values } from '../../device/webgpu/values.ts'
import { marginRowSet } from '../../device/webgpu/windows.ts'
import type { Tape } from '../../device/tape.ts'
import type { RelaxedBatch } from './relax.ts'
import { type CarriedRows, carryRowsBatch } from './rows.ts'

/** Margins on their way, where they have reached the image. @throws RangeError if a skip goes past the last hidden layer */
export function carryMarginsBatch(plan: Plan, tape: Tape | undefined, relaxed: RelaxedBatch): CarriedRows {
  const { stages, ball, lines } = relaxed
  const last = stages.at(-1)!
  const { bias } = last
  const { labels, batch } = ball
  return carryRowsBatch(plan, tape, {
    ...{ stages, lines, stage: stages.length - 1, rows: marginRowSet(last.outputShape.channels, batch) },
    start: ({ term, rows, sums, into }) => {
      if (into) throw new RangeError('another stage reads what the last one reads')
      return startMargins(plan, tape, { term, bias, labels, rows, sums })
    },
  })
}

/** Upper bounds of z_target − z_label over the balls, [example · each + target]: the smaller of dual and interval bounds. */
export function dualMarginsBatch(plan: Plan, tape: Tape | undefined, relaxed: RelaxedBatch): Values {
  const dual = closeMargins(plan, tape, { ...carryMarginsBatch(plan, tape, relaxed), box: relaxed.ball.box })
  return smaller(plan, tape, dual, intervalMarginsBatch(plan, tape, relaxed))
}

/** The same by an interval step through differences of the last stage's rows. */
export function intervalMarginsBatch(plan: Plan, tape: Tape | undefined, { stages, ball, last }: RelaxedBatch): Values {
  const { outputShape, bias, terms } = stages.at(-1)!
  const classes = outputShape.channels
  const stage = { weight: terms[0].weight, bias }
  const { labels, batch } = ball
  return intervalMargins(plan, tape, { stage, box: last, labels, classes, batch, each: padded(classes) })
}
