/**
 * A network on a GPU: its flat parameters, which stay there, and its stages with weights as the kernels read them.
 */
import type { Shape } from '../../model/layers.ts'
import { type Architecture, type ParameterTensor, countParameters, parameterLayout } from '../../model/network.ts'
import { type StagePlan, planStages } from '../../model/stages.ts'
import type { GeometryOptions } from '../device.ts'
import type { Product } from './sums.ts'
import { type Extents, extentsOf, padded, weightsOf } from './extents.ts'
import {
  constantWeights,
  pack,
  packedBiases,
  packedWeights,
  unpack,
  unpackedInOrder,
  unpackedWeights,
} from './packing.ts'
import type { Plan } from './plan.ts'
import { Values } from './values.ts'

/** A weight matrix times the output of an earlier stage: of a layer, of an average pool, or the identity of a sum. */
export interface BatchTerm {
  /** Index of the stage that it reads, behind that one's ReLU; −1 for the image. */
  readonly source: number
  readonly inputShape: Shape
  readonly options: GeometryOptions
  /** Of the whole layer. */
  readonly extents: Extents
  /** [group][tap][input of the group][output of the group, padded to 4]. */
  readonly weight: Values
}

/** z = Σ W·(output of an earlier stage) + b, and whether a ReLU follows. */
export interface BatchStage {
  readonly terms: readonly BatchTerm[]
  /** Per output channel, padded to 4: the sum of the terms' biases; zeros where no layer has one. */
  readonly bias: Values
  readonly outputShape: Shape
  /** The shape that the stages behind it read: `outputShape`, or flattened. */
  readonly readAs: Shape
  readonly relu: boolean
}

/** What a stage reads, times its weights: what `affine` and `boxStep` take. */
export const productsOf = ({ terms }: BatchStage, image: Values, outputs: readonly Values[]): readonly Product[] =>
  terms.map(({ source, extents, weight }) => ({ extents, weight, input: source < 0 ? image : outputs[source] }))

/** The same stages for what needs no gradient by their weights: attacks, and images that are only counted. */
export const detached = (stages: readonly BatchStage[]): readonly BatchStage[] =>
  stages.map((stage) => ({
    ...stage,
    terms: stage.terms.map((term) => ({ ...term, weight: term.weight.detached() })),
    bias: stage.bias.detached(),
  }))

export class BatchNetwork {
  readonly architecture: Architecture
  readonly parameterCount: number
  /** All weights and biases, laid out as `parameterLayout` says. */
  readonly parameters: Values
  /** Per input channel: a pixel p enters the first stage as (p − mean) / deviation. */
  readonly normalisation: readonly { readonly mean: number; readonly deviation: number }[]
  readonly #plans: readonly StagePlan[]
  readonly #tensors: readonly ParameterTensor[]
  /** Packed weights by layer, and biases by stage. */
  readonly #weights: ReadonlyMap<number, Values>
  readonly #biases: readonly Values[]

  /** @throws UserError if the architecture is none that stages can be made of (see `planStages`) */
  constructor(architecture: Architecture) {
    const { normalisation, stages } = planStages(architecture)
    this.architecture = architecture
    this.normalisation = normalisation
    this.#plans = stages
    this.#tensors = parameterLayout(architecture)
    this.parameterCount = countParameters(architecture)
    this.parameters = kept('parameters', this.parameterCount)
    this.#weights = new Map(
      stages.flatMap(({ terms, outputShape }) =>
        terms.map(({ layer, inputShape, options }) => [
          layer,
          kept(`weights of layer ${layer}`, weightsOf(extentsOf(inputShape, outputShape, options))),
        ]),
      ),
    )
    this.#biases = stages.map(({ outputShape }, i) => kept(`biases of stage ${i}`, padded(outputShape.channels)))
  }

  /** The stages as a plan sees them, in an order in which each comes after those that it reads; the last makes the logits. */
  stages(plan: Plan, wantsGradient: boolean): readonly BatchStage[] {
    const weights = new Map(
      [...this.#weights].map(([layer, values]) => [
        layer,
        plan.view(values, wantsGradient && this.#tensorsOf(layer).length > 0),
      ]),
    )
    return this.#plans.map((stage, i) => ({
      terms: stage.terms.map(({ layer, source, inputShape, options }) => ({
        ...{ source, inputShape, options },
        extents: extentsOf(inputShape, stage.outputShape, options),
        weight: weights.get(layer)!,
      })),
      bias: plan.view(this.#biases[i], wantsGradient && this.#biasesOf(stage).length > 0),
      outputShape: stage.outputShape,
      readAs: stage.readAs,
      relu: stage.relu,
    }))
  }

  /** Fills the packed weights and biases from the flat parameters. */
  pack(plan: Plan): void {
    const pieces = this.#plans.flatMap((stage, i) => [
      ...stage.terms.map(({ layer, inputShape, options, constant }) => {
        const values = this.#weights.get(layer)!
        const extents = extentsOf(inputShape, stage.outputShape, options)
        return constant === undefined
          ? packedWeights(values, this.#tensorsOf(layer)[0], extents)
          : constantWeights(values, constant, extents)
      }),
      packedBiases(this.#biases[i], this.#biasesOf(stage)),
    ])
    // a layer that several stages share is packed once
    pack(plan, this.parameters, [...new Map(pieces.map((piece) => [piece.values, piece])).values()])
  }

  /**
   * Brings the gradients of the stages' weights and biases into the order of the flat parameters: over what is there in
   * the first micro-batch of a step, in addition to it in the others.
   * @param stages of this plan, when everything has flowed back
   * @param into kept, as long as the parameters
   */
  gatherGradient(plan: Plan, stages: readonly BatchStage[], into: Values): void {
    const used = (layer: number) =>
      this.#plans.flatMap(({ terms }, i) =>
        terms.flatMap((term, t) => (term.layer === layer ? [stages[i].terms[t]] : [])),
      )
    const gradientOf = ({ gradient }: Values) => (gradient ? [gradient] : [])
    const layers = [...new Set(this.#tensors.map(({ layer }) => layer))]
    const pieces = layers.flatMap((layer) => {
      const [weight, bias] = this.#tensorsOf(layer)
      const [term] = used(layer)
      // a layer may be part of several stages, and of one more than once
      const biases = this.#plans.flatMap(({ terms }, i) =>
        terms.flatMap((term) => (term.layer === layer ? gradientOf(stages[i].bias) : [])),
      )
      const weights = term
        ? unpackedWeights(weight, gradientOf(term.weight), term.extents)
        : unpackedInOrder(weight, [])
      return [weights, unpackedInOrder(bias, biases)]
    })
    unpack(plan, into, pieces)
  }

  /** Weight and bias of a layer; of others none. */
  #tensorsOf(layer: number): readonly ParameterTensor[] {
    return this.#tensors.filter((tensor) => tensor.layer === layer)
  }

  #biasesOf({ terms }: StagePlan): readonly ParameterTensor[] {
    return terms.flatMap(({ layer }) => this.#tensorsOf(layer).slice(1))
  }
}

/** Values that stay, before there is a plan. */
const kept = (name: string, length: number): Values =>
  new Values({ name, length, isKept: true }, false, () => {
    throw new RangeError(`nobody wants the gradient of ${name}`)
  })
