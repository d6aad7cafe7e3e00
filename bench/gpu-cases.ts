/** The paper's networks and the objectives that GPUs are measured with. */
import type { StoredImages } from '../src/device/webgpu/images.ts'
import type { Target } from '../src/device/webgpu/plan.ts'
import { architectureNamed } from '../src/model/architectures.ts'
import { sizeOf } from '../src/model/layers.ts'
import type { Method } from '../src/training/losses/list.ts'
import { trainingOptions } from '../src/training/options.ts'
import type { TrainingOptions } from '../src/training/settings.ts'
import { type PlannedStep, planStep } from '../src/training/batch/planned-step.ts'

export interface GpuCase {
  readonly network: string
  /** Such as 'robustra projected'. */
  readonly objective: string
}

const networks = ['mnist-small', 'mnist-large', 'cifar10-small', 'cifar10-large', 'cifar10-resnet']
const objectives = ['natural', 'interval', 'lp-dual projected', 'robustra projected']
const exact = ['lp-dual exact', 'robustra exact']

/** Exact bounds for the Small networks alone: the others have too many rows. */
export const gpuCases: readonly GpuCase[] = networks.flatMap((network) =>
  [...objectives, ...(network.endsWith('small') ? exact : [])].map((objective) => ({ network, objective })),
)

export const BATCH = 50

/** The paper's protocol with that objective, at its smaller ε. */
export function optionsOf({ network, objective }: GpuCase, batchSize = BATCH): TrainingOptions {
  const [method, bounds] = objective.split(' ') as [Method, TrainingOptions['bounds'] | undefined]
  const preset = network.startsWith('mnist') ? 'paper-mnist-0.1' : 'paper-cifar10-2'
  return trainingOptions({ architecture: network, method, batchSize, ...(bounds && { bounds }) }, preset)
}

/** A step on images of the right shape, which are random. @throws UserError if one image does not fit */
export function plannedCase(target: Target, one: GpuCase, batchSize = BATCH): PlannedStep {
  const architecture = architectureNamed(one.network)
  return planStep(target, optionsOf(one, batchSize), architecture, noise(one.network, 20 * batchSize))
}

function noise(network: string, count: number): StoredImages {
  const { input: shape } = architectureNamed(network)
  const images = new Uint8Array(count * sizeOf(shape))
  for (let i = 0; i < images.length; i++) images[i] = Math.imul(i, 0x9e3779b1) >>> 24
  return { name: 'noise', shape, images, labels: new Uint8Array(count).map((_, i) => i % 10), count }
}
