/**
 * What a GPU says of validation images: clean errors, errors under a hasty attack, and an estimate of those that bounds leave
 * unproved. An estimate it is because a GPU's rounding is not bounded, so it proves nothing, and no type of a proof is here.
 * Sound: no. Complete: no.
 */
import { stageBounds } from '../../bounds/batch/choice.ts'
import { forwardBatch } from '../../bounds/batch/forward.ts'
import { dualMarginsBatch, intervalMarginsBatch } from '../../bounds/batch/margins.ts'
import { relaxBatch } from '../../bounds/batch/relax.ts'
import type { Batch } from '../../device/webgpu/batch.ts'
import { attack } from '../../device/webgpu/climb.ts'
import { countErrors, logitsOf, marginsOf } from '../../device/webgpu/cross-entropy.ts'
import { padded } from '../../device/webgpu/extents.ts'
import { loadBatch } from '../../device/webgpu/images.ts'
import type { BatchNetwork } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { type Records, record } from '../../device/webgpu/statistics.ts'
import { movesOf } from '../../data/augment.ts'
import { lossOf } from '../losses/list.ts'
import type { TrainingOptions } from '../settings.ts'
import { hastyAttack } from '../work/validate.ts'
import type { BatchData } from './record.ts'

/** Whether a GPU judges the validation images: its bounds are those of ℓ∞. */
export const isEstimated = ({ norm }: Pick<TrainingOptions, 'norm'>): boolean => norm === 'linf'

/** Counts of images. */
export const estimated = ['cleanErrors', 'attackErrors', 'estimatedErrors'] as const

export interface EstimateRecording {
  readonly options: TrainingOptions
  readonly batch: Batch
  /** Validation images. */
  readonly data: BatchData
  readonly network: BatchNetwork
  readonly records: Records
}

/** Records what is found out about a micro-batch of validation images, in balls of radius `step.epsilon`. */
export function recordEstimate(plan: Plan, { options, batch, data, network, records }: EstimateRecording): void {
  const { normalisation, architecture } = network
  const loaded = loadBatch(plan, { ...data, batch, moves: movesOf.none, normalisation })
  const { labels, identifiers, box, pixels } = loaded
  const stages = network.stages(plan, false)
  const classes = stages.at(-1)!.outputShape.channels
  const errorsAt = (images: typeof pixels, before?: typeof pixels) =>
    countErrors(plan, {
      scores: logitsOf(forwardBatch(plan, undefined, stages, { images, batch }), batch),
      ...{ labels, batch, ...(before && { before }) },
    })
  const cleanErrors = errorsAt(pixels)
  const worst = attack(plan, {
    forward: (to, tape, images) => forwardBatch(to, tape, stages, { images, batch }),
    ...{ box, norm: options.norm, domain: options.domain, normalisation, shape: architecture.input },
    ...{ identifiers, labels, batch, classes },
    ...hastyAttack,
  })
  const attackErrors = errorsAt(worst, cleanErrors)
  const scores = marginsOf(marginsFor(plan, options, { stages, ball: { ...loaded, batch } }), classes, padded(classes))
  // estimates of projections may miss what the attack has found
  const estimatedErrors = countErrors(plan, { scores, labels, batch, before: attackErrors })
  record(plan, records, { cleanErrors, attackErrors, estimatedErrors })
}

/** By intervals if it is them that are trained, else by LP duals, as training bounds them. */
function marginsFor(plan: Plan, options: TrainingOptions, on: Parameters<typeof relaxBatch>[2]) {
  const { method, bounds, projectionDimension: dimension } = options
  const isInterval = lossOf(method).isInterval === true
  const how = stageBounds(on.stages, { mode: isInterval ? 'interval' : bounds, dimension })
  const relaxed = relaxBatch(plan, undefined, on, { how, dimension, stream: 'projection' })
  return (isInterval ? intervalMarginsBatch : dualMarginsBatch)(plan, undefined, relaxed)
}
