/** A network on a device: its affine stages, ready for passes. */
import { type Shape, sizeOf } from '../model/layers.ts'
import { type Architecture, type ParameterTensor, countParameters, parameterLayout } from '../model/network.ts'
import { type StagePlan, planStages } from '../model/stages.ts'
import type { Geometry } from './device.ts'
import type { RowDevice } from './rows.ts'
import { type Tensor, makeGradients } from './tape.ts'

/** A weight matrix times the output of an earlier stage: of a layer, of an average pool, or the identity of a sum. */
export interface Term {
  /** Index of the stage that it reads, behind that one's ReLU; −1 for the image. */
  readonly source: number
  readonly inputShape: Shape
  readonly geometry: Geometry
  readonly weight: Tensor
  /** |weight|, for interval steps. Its gradient is folded into that of the weight at the end. */
  readonly absoluteWeight: Tensor
  /** Whether its weights are 32-bit floats near what the network says: 1/9, the constant of an average pool, is none. */
  readonly isRounded: boolean
}

/** z = Σ W·(output of an earlier stage) + b, and whether a ReLU follows. Residual sums have several terms, others one. */
export interface Stage {
  readonly terms: readonly Term[]
  /** Per output channel, the sum of the terms' biases, and of their absolute values. */
  readonly bias: Tensor
  readonly absoluteBias: Tensor
  readonly outputShape: Shape
  /** The shape that the stages behind it read: `outputShape`, or flattened. */
  readonly readAs: Shape
  readonly relu: boolean
}

export class LoadedNetwork<On extends RowDevice = RowDevice> {
  readonly device: On
  readonly architecture: Architecture
  /** In an order in which every stage comes after those that it reads; the last one makes the logits. */
  readonly stages: readonly Stage[]
  readonly parameterCount: number
  /** Per input channel: a pixel p enters the first stage as (p − mean) / deviation. */
  readonly normalisation: readonly { readonly mean: number; readonly deviation: number }[]
  readonly #parameters: Tensor
  readonly #absolutes: Tensor
  /** Biases that are not parameters themselves: of sums of several layers, and where no layer has any, as in pools. */
  readonly #sums: { readonly stage: Stage; readonly biases: readonly ParameterTensor[] }[] = []

  /**
   * @param trained false for a network whose gradient is never wanted; or a network of the same architecture whose
   *   memory for gradients this one shares, if they are never wanted together
   * @throws UserError if the architecture is none that stages can be made of (see `planStages`)
   */
  constructor(device: On, architecture: Architecture, trained: boolean | LoadedNetwork) {
    this.device = device
    this.architecture = architecture
    this.parameterCount = countParameters(architecture)
    const padded = (this.parameterCount + 3) & ~3
    this.#parameters = device.zeroTensor(padded)
    this.#absolutes = device.zeroTensor(padded)
    if (trained instanceof LoadedNetwork) {
      this.#parameters.shareGradient(trained.#parameters)
      this.#absolutes.shareGradient(trained.#absolutes)
    }
    const { normalisation, stages } = planStages(architecture)
    this.normalisation = normalisation
    const tensors = parameterLayout(architecture)
    // parts share a gradient that is there
    if (trained === true) makeGradients(this.#parameters, this.#absolutes)
    this.stages = stages.map((plan) => this.#stage(plan, tensors, trained !== false))
  }

  #stage(
    { terms, outputShape, readAs, relu }: StagePlan,
    tensors: readonly ParameterTensor[],
    isTrained: boolean,
  ): Stage {
    const { device } = this
    const ofLayer = (layer: number) => tensors.filter((tensor) => tensor.layer === layer)
    const partOf = (tensor: Tensor, { offset, length }: ParameterTensor) => tensor.part(offset, length)
    const biases = terms.flatMap(({ layer, constant }) => (constant === undefined ? ofLayer(layer)[1] : []))
    const own = () => device.zeroTensor((outputShape.channels + 3) & ~3)
    const isSum = biases.length !== 1
    const stage: Stage = {
      terms: terms.map(({ layer, source, inputShape, options, constant }) => {
        const geometry = device.geometry(inputShape, outputShape, options)
        if (constant !== undefined) {
          const weight = device.tensorFrom(new Float32Array(inputShape.channels * options.kernel ** 2).fill(constant))
          // passes leave a gradient here that nobody reads
          if (isTrained) makeGradients(weight)
          const isRounded = Math.fround(constant) !== constant
          return { source, inputShape, geometry, weight, absoluteWeight: weight, isRounded }
        }
        const [weight] = ofLayer(layer)
        return {
          source,
          inputShape,
          geometry,
          weight: partOf(this.#parameters, weight),
          absoluteWeight: partOf(this.#absolutes, weight),
          isRounded: false,
        }
      }),
      bias: isSum ? own() : partOf(this.#parameters, biases[0]),
      absoluteBias: isSum ? own() : partOf(this.#absolutes, biases[0]),
      outputShape,
      readAs,
      relu,
    }
    if (isSum) {
      this.#sums.push({ stage, biases })
      if (isTrained) makeGradients(stage.bias)
    }
    return stage
  }

  /** Takes over a flat parameter array, laid out as `parameterLayout` says. */
  setParameters(parameters: Float32Array): void {
    this.#parameters.view().set(parameters)
    this.device.layers.absolute(this.#parameters, this.#absolutes)
    for (const { stage, biases } of this.#sums) {
      const [sums, absolutes] = [stage.bias.view(), stage.absoluteBias.view()]
      for (let c = 0; c < stage.outputShape.channels; c++) {
        const values = biases.map(({ offset }) => parameters[offset + c])
        sums[c] = values.reduce((a, b) => a + b, 0)
        // a little more than the sum, whichever way that rounds
        absolutes[c] = values.reduce((sum, b) => sum + Math.abs(b), 0) * (1 + 2 ** -22)
      }
    }
  }

  clearGradient(): void {
    for (const tensor of [this.#parameters, this.#absolutes]) tensor.gradient.view().fill(0)
    for (const { stage } of this.#sums) stage.bias.gradient.view().fill(0)
  }

  /** Adds up the gradients of W and |W| and copies them out. */
  readGradient(target: Float32Array): void {
    this.device.layers.absoluteAdjoint(this.#parameters, this.#absolutes)
    target.set(this.#parameters.gradient.view().subarray(0, this.parameterCount))
    for (const { stage, biases } of this.#sums) {
      const gradient = stage.bias.gradient.read().subarray(0, stage.outputShape.channels)
      // a layer may be part of several stages, and of one more than once
      for (const { offset } of biases) gradient.forEach((value, c) => (target[offset + c] += value))
    }
  }

  /** Number of ReLU neurons and others between the image and the logits. */
  get hiddenNeurons(): number {
    return this.stages.slice(0, -1).reduce((sum, { outputShape }) => sum + sizeOf(outputShape), 0)
  }
}
