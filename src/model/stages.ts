/**
 * How an architecture falls into stages, z = Σ W·(output of an earlier stage) + b with a ReLU behind or not: residual
 * sums, pooling, normalisation and flattening are not steps of their own any more. What a sum adds without weights is a term
 * with the weight 1, and an average pool is one with weights 1/kernel², channel by channel.
 */
import { UserError } from '../base/errors.ts'
import { type Layer, type Shape, formatShape } from './layers.ts'
import { type Architecture, shapesOf, sourceOf } from './network.ts'

export interface TermPlan {
  /** Its layer in the architecture. */
  readonly layer: number
  /** Index of the stage that it reads, −1 for the image. */
  readonly source: number
  readonly inputShape: Shape
  /** A linear layer is a 1 × 1 convolution of a 1 × 1 image. */
  readonly options: Windows
  /** What each of its weights is, where they are no parameters: 1 of an identity, 1/kernel² of an average pool. */
  readonly constant?: number
}

interface Windows {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
  /** Groups of channels that see only each other. */
  readonly groups: number
}

export interface StagePlan {
  readonly terms: readonly TermPlan[]
  readonly outputShape: Shape
  /** The shape that the stages behind it read: `outputShape`, or flattened. */
  readonly readAs: Shape
  readonly relu: boolean
}

/** What a layer makes: the output of a finished stage, or affine terms that a ReLU or a sum may still follow. */
type Value = { readonly source: number } | { readonly terms: readonly TermPlan[]; readonly outputShape: Shape }

/**
 * The stages of an architecture, each after those that it reads, and the normalisation per input channel.
 * @throws UserError if a normalise layer is not the first one, a ReLU comes before any affine layer or a second time
 *   after one, a sum adds values of two shapes, layers read one output in two shapes, or the last stage is no single
 *   linear layer without a ReLU
 */
export function planStages(architecture: Architecture): {
  readonly stages: readonly StagePlan[]
  readonly normalisation: readonly { readonly mean: number; readonly deviation: number }[]
} {
  const { layers, input } = architecture
  const shapes = shapesOf(architecture)
  const stages: { terms: readonly TermPlan[]; outputShape: Shape; readAs?: Shape; relu: boolean }[] = []
  const image: { readAs?: Shape } = {}
  const values: Value[] = []
  const valueOf = (layer: number): Value => (layer < 0 ? { source: -1 } : values[layer])

  const finish = (layer: number, relu: boolean): number => {
    const value = valueOf(layer)
    if (!('terms' in value)) return value.source
    stages.push({ ...value, relu })
    const source = stages.length - 1
    if (!relu) values.forEach((other, i) => other === value && (values[i] = { source }))
    return source
  }
  /** One term over what layer `from` makes. */
  const term = (
    layer: number,
    from: number,
    windowsOf: (input: Shape) => Windows & { constant?: number },
  ): TermPlan => {
    if (layers[0].kind === 'normalise' && layer > 0 && from === -1) {
      throw new UserError(`layer ${layer} reads the image before it is normalised`)
    }
    const source = finish(from, false)
    const inputShape = shapes[from + 1]
    const before = stages[source] ?? image
    before.readAs ??= inputShape
    if (formatShape(before.readAs) !== formatShape(inputShape)) {
      throw new UserError(
        `layer ${layer} reads ${formatShape(inputShape)} where another reads ${formatShape(before.readAs)}`,
      )
    }
    const { constant, ...options } = windowsOf(inputShape)
    return { layer, source, inputShape, options, ...(constant !== undefined && { constant }) }
  }
  const affine = (layer: AffineLike, i: number): Value => ({
    terms: [term(i, sourceOf(architecture, i), (input) => windows(layer, input))],
    outputShape: shapes[i + 1],
  })
  /** What layer `from` gives to the sum that is layer i. */
  const summand = (i: number, from: number) => {
    const value = valueOf(from)
    if ('terms' in value) return value
    const terms = [term(i, from, ({ channels }) => ({ ...point, groups: channels, constant: 1 }))]
    return { terms, outputShape: shapes[from + 1] }
  }

  layers.forEach((layer, i) => {
    const before = valueOf(i - 1)
    switch (layer.kind) {
      case 'normalise':
        if (i > 0) throw new UserError('normalise must be the first layer')
        return values.push(before)
      case 'flatten':
        return values.push(before)
      case 'relu':
        if (!('terms' in before)) throw new UserError('a ReLU must follow an affine layer')
        return values.push({ source: finish(i - 1, true) })
      case 'add': {
        const [a, b] = [summand(i, i - 1), summand(i, layer.other)]
        if (formatShape(a.outputShape) !== formatShape(b.outputShape)) {
          throw new UserError(`layer ${i} adds layers of different shapes, flattened`)
        }
        return values.push({ terms: [...a.terms, ...b.terms], outputShape: a.outputShape })
      }
      default:
        return values.push(affine(layer, i))
    }
  })
  requireLogits(architecture, valueOf(layers.length - 1))
  finish(layers.length - 1, false)
  const first = layers[0]
  return {
    stages: stages.map((stage) => ({ ...stage, readAs: stage.readAs ?? stage.outputShape })),
    normalisation: Array.from({ length: input.channels }, (_, c) =>
      first?.kind === 'normalise' ? { mean: first.mean[c], deviation: first.deviation[c] } : { mean: 0, deviation: 1 },
    ),
  }
}

type AffineLike = Extract<Layer, { kind: 'convolution' | 'linear' | 'averagePool' }>

const point = { kernel: 1, stride: 1, padding: 0, groups: 1 }

function windows(layer: AffineLike, { channels }: Shape): Windows & { constant?: number } {
  if (layer.kind === 'linear') return point
  const { kernel, stride, padding } = layer
  if (layer.kind === 'averagePool') return { kernel, stride, padding, groups: channels, constant: 1 / kernel ** 2 }
  return { kernel, stride, padding, groups: layer.groups ?? 1 }
}

/** @throws UserError unless the last value is that of a linear layer: margins are taken between rows of its weights */
function requireLogits({ layers }: Architecture, last: Value): void {
  if (!('terms' in last)) throw new UserError('the last layer must be an affine one: logits are not cut at zero')
  if (last.terms.length > 1) throw new UserError('the last layer must not be a residual sum')
  const [{ layer, inputShape, options, constant }] = last.terms as [TermPlan]
  if (constant !== undefined) throw new UserError('the last layer must be linear, not an average pool')
  if (inputShape.height > 1 || inputShape.width > 1 || options.kernel > 1 || options.padding > 0) {
    throw new UserError('the last layer must be linear, not a convolution of an image')
  }
  if (options.groups > 1) throw new UserError('the last layer must be linear, not a convolution in groups')
  const { batchNorm } = layers[layer] as Extract<Layer, { kind: 'convolution' | 'linear' }>
  if (batchNorm) throw new UserError('the last layer cannot be normalised in training: it makes the logits')
}
