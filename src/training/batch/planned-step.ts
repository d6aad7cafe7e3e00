/**
 * A step of training as a GPU would do it, recorded without one: what it takes is known before there is a GPU, and what
 * measures GPUs repeats it.
 */
import { batchOf } from '../../device/webgpu/batch.ts'
import { DeviceImages, type StoredImages } from '../../device/webgpu/images.ts'
import { BatchNetwork } from '../../device/webgpu/network.ts'
import { type Cost, Plan, type Target, costOf } from '../../device/webgpu/plan.ts'
import { recordsOf } from '../../device/webgpu/statistics.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Architecture } from '../../model/network.ts'
import { trainsPair } from '../losses/list.ts'
import type { TrainingOptions } from '../settings.ts'
import { columns } from './loss.ts'
import { fittingSize } from './micro-batch.ts'
import { type BatchData, recordGradient, recordUpdate } from './record.ts'
import { variantAt } from './variant.ts'

export interface PlannedStep {
  /** Examples of a micro-batch, and how many of these a batch has. */
  readonly size: number
  readonly parts: number
  /** Each micro-batch, then the optimiser's step; what packs the weights of all networks, once before. */
  readonly plans: { readonly gradient: Plan; readonly update: Plan; readonly pack: Plan }
  /** Bytes of the device, images included. */
  readonly memory: number
  readonly networks: readonly BatchNetwork[]
  readonly data: BatchData
}

/**
 * Records the last step of a training, in which everything that it has is there.
 * @throws UserError if one image does not fit
 */
export function planStep(
  target: Target,
  options: TrainingOptions,
  architecture: Architecture,
  images: StoredImages,
): PlannedStep {
  const home = new Plan(target)
  const network = new BatchNetwork(architecture)
  const reference = trainsPair(options.method) ? new BatchNetwork(architecture) : undefined
  const kept = (name: string): Values => home.kept(name, network.parameterCount)
  const [gradient, first, second] = [kept('gradient'), kept('first moments'), kept('second moments')]
  const records = recordsOf(home, 1, columns)
  const data: BatchData = {
    images: new DeviceImages(target, images),
    order: home.kept('order', images.count),
    ball: { domain: options.domain },
  }
  const networks = reference ? [network, reference] : [network]
  const common = { options, network, gradient, records }
  const variant = variantAt(options, { epoch: options.epochs - 1, step: 0, steps: 1, name: 'f' })
  const { size, plans, memory } = fittingSize(options, target, (each) => {
    const made = { gradient: new Plan(target), update: new Plan(target), pack: new Plan(target) }
    networks.forEach((one) => one.pack(made.pack))
    recordGradient(made.gradient, { ...common, variant, reference, batch: batchOf(each), data })
    recordUpdate(made.update, { ...common, first, second, average: undefined })
    return made
  })
  return { size, parts: Math.ceil(options.batchSize / size), plans, memory, networks, data }
}

/** What a whole step takes. */
export function costOfStep({ plans, parts }: Pick<PlannedStep, 'plans' | 'parts'>): Cost {
  const [gradient, update] = [costOf(plans.gradient), costOf(plans.update)]
  return {
    dispatches: parts * gradient.dispatches + update.dispatches,
    flop: parts * gradient.flop + update.flop,
    traffic: parts * gradient.traffic + update.traffic,
  }
}
