/** A worker's own copies of the networks in training, in its engine, besides what all workers share. */
import { Engine } from '../../device/wasm/engine.ts'
import { LoadedNetwork } from '../../device/loaded-network.ts'
import { outcome } from '../learner.ts'
import type { TrainingSetup, Version } from './setup.ts'

export class Replicas {
  readonly engine: Engine
  readonly setup: TrainingSetup
  readonly #networks: readonly LoadedNetwork[]
  /** By learner: which version of the weights its copy has; '' for weights that are those of no version. */
  readonly #versions: string[]
  readonly #mark: number
  #room: Float32Array | undefined

  private constructor(engine: Engine, setup: TrainingSetup) {
    this.engine = engine
    this.setup = setup
    const { architecture, learners } = setup
    // a gradient is that of one learner at a time
    const first = new LoadedNetwork(engine, architecture, true)
    this.#networks = learners.map((_, i) => (i === 0 ? first : new LoadedNetwork(engine, architecture, first)))
    this.#versions = learners.map(() => '')
    this.#mark = engine.mark()
  }

  static async create(setup: TrainingSetup): Promise<Replicas> {
    return new Replicas(await Engine.create(), setup)
  }

  /** The network with the weights of that version. */
  at({ learner, version, which }: Version): LoadedNetwork {
    const name = `${which} ${version}`
    if (this.#versions[learner] !== name) {
      const weights = this.setup.learners[learner]
      this.#networks[learner].setParameters(which === 'trained' ? weights.state.parameters : outcome(weights))
      this.#versions[learner] = name
    }
    return this.#networks[learner]
  }

  /** The network of a learner, to be given weights that are those of no version. */
  take(learner: number): LoadedNetwork {
    this.#versions[learner] = ''
    return this.#networks[learner]
  }

  /** Room for as many numbers as a network has parameters. */
  get room(): Float32Array {
    return (this.#room ??= new Float32Array(this.#networks[0].parameterCount))
  }

  /** Frees everything in the engine but the networks. */
  release(): void {
    this.engine.release(this.#mark)
  }
}
