/** A network in an engine's memory: its affine stages, ready for the kernels. */
import { type Affine, affineLists } from './wasm/affine.ts'
import type { Engine } from './wasm/engine.ts'
import { createGeometry } from './wasm/layout.ts'
import { type Floats, at, none } from './wasm/pointers.ts'
import { type Shape, sizeOf } from '../model/layers.ts'
import { type Architecture, type ParameterTensor, countParameters, parameterLayout } from '../model/network.ts'
import { type StagePlan, planStages } from '../model/stages.ts'

/** A weight matrix times the output of an earlier stage. */
export interface Term extends Affine {
  /** Index of the stage that it reads, behind that one's ReLU; −1 for the image. */
  readonly source: number
  readonly inputShape: Shape
}

/** z = Σ W·(output of an earlier stage) + b, and whether a ReLU follows. Residual sums have two terms, others one. */
export interface Stage {
  readonly terms: readonly Term[]
  /** Pointers: per output channel, the sum of the terms' biases, of their absolute values, and its gradient. */
  readonly bias: Floats
  readonly absoluteBias: Floats
  readonly biasGradient: Floats
  readonly outputShape: Shape
  /** The shape that the stages behind it read: `outputShape`, or flattened. */
  readonly readAs: Shape
  readonly relu: boolean
}

export class LoadedNetwork {
  readonly engine: Engine
  readonly architecture: Architecture
  /** In an order in which every stage comes after those that it reads; the last one makes the logits. */
  readonly stages: readonly Stage[]
  readonly parameterCount: number
  /** Per input channel: a pixel p enters the first stage as (p − mean) / deviation. */
  readonly normalisation: readonly { readonly mean: number; readonly deviation: number }[]
  readonly #parameters: Floats
  readonly #absolutes: Floats
  readonly #gradient: Floats
  readonly #absoluteGradient: Floats
  /** Biases of residual sums, which are not parameters themselves. */
  readonly #sums: { readonly stage: Stage; readonly biases: readonly ParameterTensor[] }[] = []

  /**
   * @param trained false for a network whose gradient is never wanted; or a network of the same architecture whose
   *   memory for gradients this one shares, if they are never wanted together
   * @throws RangeError if the architecture is none that the engine knows (see `planStages`)
   */
  constructor(engine: Engine, architecture: Architecture, trained: boolean | LoadedNetwork) {
    this.engine = engine
    this.architecture = architecture
    this.parameterCount = countParameters(architecture)
    const padded = (this.parameterCount + 3) & ~3
    this.#parameters = engine.zeros(padded)
    this.#absolutes = engine.zeros(padded)
    const shared = trained instanceof LoadedNetwork ? trained : undefined
    this.#gradient = shared ? shared.#gradient : trained ? engine.zeros(padded) : none
    this.#absoluteGradient = shared ? shared.#absoluteGradient : trained ? engine.zeros(padded) : none
    const { normalisation, stages } = planStages(architecture)
    this.normalisation = normalisation
    const tensors = parameterLayout(architecture)
    this.stages = stages.map((plan) => this.#stage(plan, tensors))
  }

  #stage({ terms, outputShape, readAs, relu }: StagePlan, tensors: readonly ParameterTensor[]): Stage {
    const { engine } = this
    const part = (base: Floats, { offset }: ParameterTensor) => (base === none ? none : at(base, offset))
    const ofLayer = (layer: number) => tensors.filter((tensor) => tensor.layer === layer)
    const biases = terms.map(({ layer }) => ofLayer(layer)[1])
    const [bias] = biases
    const own = (wanted: boolean) => (wanted ? engine.zeros((outputShape.channels + 3) & ~3) : none)
    const memory =
      biases.length === 1
        ? [this.#parameters, this.#absolutes, this.#gradient].map((base) => part(base, bias!))
        : [own(true), own(true), own(this.#gradient !== none)]
    const stage: Stage = {
      terms: terms.map(({ layer, source, inputShape, options }) => {
        const [weight] = ofLayer(layer)
        const geometry = createGeometry(engine, inputShape, outputShape, options)
        return {
          source,
          inputShape,
          geometry,
          weight: part(this.#parameters, weight!),
          absoluteWeight: part(this.#absolutes, weight!),
          weightGradient: part(this.#gradient, weight!),
          absoluteWeightGradient: part(this.#absoluteGradient, weight!),
          ...affineLists(engine, geometry),
        }
      }),
      bias: memory[0],
      absoluteBias: memory[1],
      biasGradient: memory[2],
      outputShape,
      readAs,
      relu,
    }
    if (biases.length > 1) this.#sums.push({ stage, biases })
    return stage
  }

  /** Takes over a flat parameter array, laid out as `parameterLayout` says. */
  setParameters(parameters: Float32Array): void {
    const { f32, kernels } = this.engine
    f32.set(parameters, this.#parameters >> 2)
    kernels.absolute((this.parameterCount + 3) & ~3, this.#parameters, this.#absolutes)
    for (const { stage, biases } of this.#sums) {
      for (let c = 0; c < stage.outputShape.channels; c++) {
        const values = biases.map(({ offset }) => parameters[offset + c])
        f32[(stage.bias >> 2) + c] = values.reduce((a, b) => a + b)
        // a little more than the sum, whichever way that rounds
        f32[(stage.absoluteBias >> 2) + c] = values.reduce((sum, b) => sum + Math.abs(b), 0) * (1 + 2 ** -22)
      }
    }
  }

  clearGradient(): void {
    const { f32 } = this.engine
    for (const pointer of [this.#gradient, this.#absoluteGradient]) {
      f32.fill(0, pointer >> 2, (pointer >> 2) + this.parameterCount)
    }
    for (const { stage } of this.#sums) {
      f32.fill(0, stage.biasGradient >> 2, (stage.biasGradient >> 2) + stage.outputShape.channels)
    }
  }

  /** Adds up the gradients of W and |W| and copies them out. */
  readGradient(target: Float32Array): void {
    const { engine, parameterCount } = this
    engine.kernels.absoluteAdjoint((parameterCount + 3) & ~3, this.#parameters, this.#gradient, this.#absoluteGradient)
    target.set(engine.f32.subarray(this.#gradient >> 2, (this.#gradient >> 2) + parameterCount))
    for (const { stage, biases } of this.#sums) {
      const gradient = engine.read(stage.biasGradient, stage.outputShape.channels)
      // a layer may be part of several stages, and of one more than once
      for (const { offset } of biases) gradient.forEach((value, c) => (target[offset + c] += value))
    }
  }

  /** Number of ReLU neurons and others between the image and the logits. */
  get hiddenNeurons(): number {
    return this.stages.slice(0, -1).reduce((sum, { outputShape }) => sum + sizeOf(outputShape), 0)
  }
}
