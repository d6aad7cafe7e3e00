/** Bounds that losses on a GPU are over: interval, LP-dual and Robustra's (losses/interval.ts, lp-dual.ts, robustra.ts). */
import { stageBounds } from '../../bounds/batch/choice.ts'
import { carryMarginsBatch, dualMarginsBatch, intervalMarginsBatch } from '../../bounds/batch/margins.ts'
import { type RelaxedBatch, relaxBatch } from '../../bounds/batch/relax.ts'
import type { BatchStage } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { regularise } from '../../device/webgpu/regularisers.ts'
import type { Tape } from '../../device/tape.ts'
import { robustraMarginsBatch } from '../../reference-space/batch.ts'
import type { TrainingOptions } from '../settings.ts'
import type { BatchLossInput, RecordBounds } from './loss.ts'

export const interval: RecordBounds = (plan, input) => {
  const { ball, tape, variant } = input
  const relaxed = relax(plan, input, tape, { stages: input.stages, mode: 'interval', stream: 'projection' })
  const margins = intervalMarginsBatch(plan, tape, relaxed)
  if (!variant.isRegularised) return { margins }
  const { box, batch } = ball
  return { margins, penalty: regularise(plan, { input: box, hidden: relaxed.bounds, batch }) }
}

export const lpDual: RecordBounds = (plan, input) => {
  const { stages, options, tape } = input
  const relaxed = relax(plan, input, tape, { stages, mode: options.bounds, stream: 'projection' })
  return { margins: dualMarginsBatch(plan, tape, relaxed) }
}

export const robustra: RecordBounds = (plan, input) => {
  const { stages, reference, options, tape } = input
  if (!reference) throw new RangeError('robustra needs a reference network')
  const mode = options.bounds
  // first, so that nothing of g is kept for the way back but what has reached the image
  const g = { stages: reference.stages(plan, false), mode, stream: 'reference' } as const
  const carried = carryMarginsBatch(plan, undefined, relax(plan, input, undefined, g))
  const f = relax(plan, input, tape, { stages, mode, stream: 'projection' })
  const { margins, statistics } = robustraMarginsBatch(plan, tape, f, carried)
  return { margins, ...statistics }
}

interface Relaxing {
  readonly stages: readonly BatchStage[]
  readonly mode: TrainingOptions['bounds']
  readonly stream: 'projection' | 'reference'
}

function relax(
  plan: Plan,
  { options, ball }: BatchLossInput,
  tape: Tape | undefined,
  { stages, mode, stream }: Relaxing,
): RelaxedBatch {
  const dimension = options.projectionDimension
  const how = stageBounds(stages, { mode, dimension })
  return relaxBatch(plan, tape, { stages, ball }, { how, dimension, stream })
}
