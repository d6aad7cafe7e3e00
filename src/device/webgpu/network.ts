/**
 * A network on a GPU: its flat parameters, which stay there, and its stages with weights as the kernels read them.
 */
import type { Shape } from '../../model/layers.ts'
import { type Architecture, type ParameterTensor, countParameters, parameterLayout } from '../../model/network.ts'
import { type StagePlan, planStages } from '../../model/stages.ts'
import type { GeometryOptions } from '../device.ts'
import type { Product } from './sums.ts'
import { type Extents, extentsOf, padded, weightsOf } from './extents.ts'
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
    const weights = new Map([...this.#weights].map(([layer, values]) => [layer, plan.view(values, wantsGradient)]))
    return this.#plans.map(({ terms, outputShape, readAs, relu }, i) => ({
      terms: terms.map(({ layer, source, inputShape, options, constant }) => {
        const weight = weights.get(layer)!
        return {
          ...{ source, inputShape, options, extents: extentsOf(inputShape, outputShape, options) },
          weight: constant === undefined ? weight : weight.detached(),
        }
      }),
      bias: plan.view(this.#biases[i], wantsGradient),
      ...{ outputShape, readAs, relu },
    }))
  }

  /** Fills the packed weights and biases from the flat parameters. */
  pack(plan: Plan): void {
    throw new Error(`not yet: ${String([plan, this.#tensors])}`)
  }

  /**
   * Brings the gradients of the stages' weights and biases into the order of the flat parameters: over what is there in
   * the first micro-batch of a step, in addition to it in the others.
   * @param stages of this plan, when everything has flowed back
   * @param into kept, as long as the parameters
   */
  gatherGradient(plan: Plan, stages: readonly BatchStage[], into: Values): void {
    throw new Error(`not yet: ${String([plan, stages, into])}`)
  }
}

/** Values that stay, before there is a plan. */
const kept = (name: string, length: number): Values =>
  new Values({ name, length, isKept: true }, false, () => {
    throw new RangeError(`nobody wants the gradient of ${name}`)
  })
