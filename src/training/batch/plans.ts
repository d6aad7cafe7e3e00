/** Everything that a run does on a GPU, recorded once: by name, with micro-batches of a size. */
import { batchOf } from '../../device/webgpu/batch.ts'
import { Plan, type Target } from '../../device/webgpu/plan.ts'
import type { Records } from '../../device/webgpu/statistics.ts'
import { lossOf } from '../losses/list.ts'
import type { TrainingOptions } from '../settings.ts'
import type { Gathering } from './batch-norm.ts'
import type { DeviceLearner } from './device-learner.ts'
import { isEstimated, recordEstimate } from './estimate.ts'
import { type BatchData, recordGradient, recordMoments, recordUpdate } from './record.ts'
import { type Variant, variantAt } from './variant.ts'

/** What of a run lies on the GPU. */
export interface DeviceRun {
  readonly options: TrainingOptions
  /** In an epoch. */
  readonly steps: number
  /** One, or the two of a pair. */
  readonly learners: readonly DeviceLearner[]
  readonly data: BatchData
  readonly validation: BatchData
  /** Of steps. */
  readonly records: Records
  /** Of validation images. */
  readonly estimates: Records
}

export type Plans = Readonly<Record<string, Plan>>

/** Names of plans, of the learner of a name. */
export const packOf = (name: string): string => `pack ${name}`
export const updateOf = (name: string): string => `update ${name}`
export const estimateOf = (name: string): string => `estimate of ${name}`
export const momentsOf = (name: string, { stage }: Gathering): string => `moments of ${name}, stage ${stage}`
export const gradientOf = (name: string, variant: Variant): string => `gradient of ${name}: ${JSON.stringify(variant)}`

export function plansOf(target: Target, run: DeviceRun, size: number): Plans {
  const { options, steps, learners, data, validation, records, estimates } = run
  const batch = batchOf(size)
  const plans: Record<string, Plan> = {}
  const plan = (name: string): Plan => (plans[name] = new Plan(target))
  learners.forEach((own, index) => {
    const { network, outcome, gradient, learner } = own
    const { name } = learner
    const pack = plan(packOf(name))
    for (const one of [network, outcome]) one.pack(pack)
    recordUpdate(plan(updateOf(name)), { ...own, options, records })
    for (const variant of variantsOf(options, name, steps)) {
      const reference = lossOf(variant.method).reference && learners[1 - index]?.outcome
      const common = { options, variant, batch, data, records }
      recordGradient(plan(gradientOf(name, variant)), { ...common, network, reference, gradient })
    }
    for (const gathering of own.gatherings) {
      recordMoments(plan(momentsOf(name, gathering)), { options, batch, data, network: outcome, gathering })
    }
    if (isEstimated(options) && validation.images.count > 0) {
      const judged = { options, batch, data: validation, network: outcome, records: estimates }
      recordEstimate(plan(estimateOf(name)), judged)
    }
  })
  return plans
}

/** Of all steps of a run, whichever of them are left: what fits must not depend on where it was stopped. */
function variantsOf(options: TrainingOptions, name: string, steps: number): Variant[] {
  const found = new Map<string, Variant>()
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const at = (step: number) => variantAt(options, { epoch, step, steps, name })
    const [first, last] = [at(0), at(steps - 1)]
    const isOne = gradientOf(name, first) === gradientOf(name, last)
    const all = isOne ? [first] : Array.from({ length: steps }, (_, step) => at(step))
    for (const variant of all) found.set(gradientOf(name, variant), variant)
  }
  return [...found.values()]
}
