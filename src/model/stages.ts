/**
 * How an architecture falls into stages, z = Σ W·(output of an earlier stage) + b with a ReLU behind or not: residual
 * sums, normalisation and flattening are not steps of their own any more.
 */
import { type AffineLayer, type Shape, formatShape } from './layers.ts'
import { type Architecture, shapesOf, sourceOf } from './network.ts'

export interface TermPlan {
  /** Its layer in the architecture. */
  readonly layer: number
  /** Index of the stage that it reads, −1 for the image. */
  readonly source: number
  readonly inputShape: Shape
  /** A linear layer is a 1 × 1 convolution of a 1 × 1 image. */
  readonly options: { readonly kernel: number; readonly stride: number; readonly padding: number }
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
 * @throws RangeError if a normalise layer is not the first one, a ReLU comes before any affine layer or a second time
 *   after one, a sum adds anything but affine layers of one shape, layers read one output in two shapes, or the last
 *   stage is no single linear layer without a ReLU
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
  const affine = (layer: AffineLayer, i: number): Value => {
    const from = sourceOf(architecture, i)
    const source = finish(from, false)
    const inputShape = shapes[from + 1]
    const before = stages[source] ?? image
    before.readAs ??= inputShape
    if (formatShape(before.readAs) !== formatShape(inputShape)) {
      throw new RangeError(
        `layer ${i} reads ${formatShape(inputShape)} where another reads ${formatShape(before.readAs)}`,
      )
    }
    const options = layer.kind === 'linear' ? { kernel: 1, stride: 1, padding: 0 } : layer
    return { terms: [{ layer: i, source, inputShape, options }], outputShape: shapes[i + 1] }
  }

  layers.forEach((layer, i) => {
    const before = valueOf(i - 1)
    switch (layer.kind) {
      case 'normalise':
        if (i > 0) throw new RangeError('normalise must be the first layer')
        return values.push(before)
      case 'flatten':
        return values.push(before)
      case 'relu':
        if (!('terms' in before)) throw new RangeError('a ReLU must follow an affine layer')
        return values.push({ source: finish(i - 1, true) })
      case 'add': {
        const other = valueOf(layer.other)
        if (!('terms' in before && 'terms' in other)) throw new RangeError(`layer ${i} must add two affine layers`)
        if (formatShape(before.outputShape) !== formatShape(other.outputShape)) {
          throw new RangeError(`layer ${i} adds layers of different shapes, flattened`)
        }
        return values.push({ terms: [...before.terms, ...other.terms], outputShape: before.outputShape })
      }
      case 'averagePool':
        throw new RangeError(`layer ${i} is an average pooling, which the engine does not take`)
      default:
        if (layer.kind === 'convolution' && (layer.groups ?? 1) > 1) {
          throw new RangeError(`layer ${i} has ${layer.groups} groups, which the engine does not take`)
        }
        if (layers[0].kind === 'normalise' && i > 0 && sourceOf(architecture, i) === -1) {
          throw new RangeError(`layer ${i} reads the image before it is normalised`)
        }
        return values.push(affine(layer, i))
    }
  })
  const last = valueOf(layers.length - 1)
  if (!('terms' in last)) throw new RangeError('the last layer must be an affine one: logits are not cut at zero')
  if (last.terms.length > 1) throw new RangeError('the last layer must not be a residual sum')
  // margins are taken between rows of its weights
  const [{ inputShape, options }] = last.terms as [TermPlan]
  if (inputShape.height > 1 || inputShape.width > 1 || options.kernel > 1 || options.padding > 0) {
    throw new RangeError('the last layer must be linear, not a convolution of an image')
  }
  finish(layers.length - 1, false)
  const first = layers[0]
  return {
    stages: stages.map((stage) => ({ ...stage, readAs: stage.readAs ?? stage.outputShape })),
    normalisation: Array.from({ length: input.channels }, (_, c) =>
      first?.kind === 'normalise' ? { mean: first.mean[c], deviation: first.deviation[c] } : { mean: 0, deviation: 1 },
    ),
  }
}
