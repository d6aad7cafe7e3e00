/** A network in training on a GPU: its weights and what the optimiser remembers. Between epochs the learner has them, too. */
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { BatchNetwork } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Architecture } from '../../model/network.ts'
import { type Gathering, gatheringsOf } from './batch-norm.ts'
import { type Learner, outcome } from '../learner.ts'

export class DeviceLearner {
  readonly learner: Learner
  /** The weights that are trained. */
  readonly network: BatchNetwork
  /** What came of the last epoch: the reference of the other network of a pair, and what is validated. */
  readonly outcome: BatchNetwork
  readonly first: Values
  readonly second: Values
  readonly average: Values | undefined
  readonly gradient: Values
  /** Stages whose moments over many images go into the outcome, with batch normalisation. */
  readonly gatherings: readonly Gathering[]

  /** @param plan any: what stays belongs to none */
  constructor(plan: Plan, architecture: Architecture, learner: Learner) {
    const length = learner.state.parameters.length
    this.learner = learner
    this.network = new BatchNetwork(architecture)
    this.outcome = new BatchNetwork(architecture)
    this.first = plan.kept('first moments', length)
    this.second = plan.kept('second moments', length)
    this.average = learner.average && plan.kept('average weights', length)
    this.gradient = plan.kept('gradient', length)
    this.gatherings = gatheringsOf(architecture)
  }

  /** Copies the learner to the GPU, which must pack both networks then. */
  write(gpu: Gpu): void {
    for (const [values, array] of this.#arrays()) gpu.write(values, array)
    this.writeOutcome(gpu)
  }

  /** Copies what came of an epoch to the GPU, which must pack it then. */
  writeOutcome(gpu: Gpu): void {
    gpu.write(this.outcome.parameters, outcome(this.learner))
  }

  /** Copies the GPU's state to the learner. @throws UserError if the GPU has failed */
  async read(gpu: Gpu): Promise<void> {
    const read = this.#arrays().map(async ([values, array]) => ({ array, data: await gpu.read(values) }))
    // all or nothing: a learner is never half of an epoch
    for (const { array, data } of await Promise.all(read)) array.set(data)
  }

  #arrays(): readonly (readonly [Values, Float32Array])[] {
    const { state, average } = this.learner
    return [
      [this.network.parameters, state.parameters],
      [this.first, state.first],
      [this.second, state.second],
      ...(this.average && average ? [[this.average, average] as const] : []),
    ]
  }
}
