/**
 * Any ReLU network as a directed acyclic graph of affine maps and ReLUs in float64: residual sums, concatenations,
 * pooling and the like are all affine. What verification works on; networks of layers become graphs by `graphOf`.
 */
import { convolutionMap } from './convolution-map.ts'
import type { ConvolutionShape } from './convolution-shape.ts'
import { type LinearMap, denseMap, selectionMap } from './linear-map.ts'
import { type AffineLayer, type Layer, type Shape, sizeOf } from './layers.ts'
import {
  type Architecture,
  type Float64Network,
  type Network,
  parameterLayout,
  requireAllParameters,
  shapesOf,
  sourceOf,
} from './network.ts'

/** Σ map(value) + bias */
interface AffineNode {
  readonly kind: 'affine'
  readonly terms: readonly { readonly value: number; readonly map: LinearMap }[]
  readonly bias: Float64Array
}

/** One node makes one value, a vector. Value 0 is the input; node i makes value i + 1 from values before it. */
export type GraphNode =
  | AffineNode
  /** max(value, 0), element by element */
  | { readonly kind: 'relu'; readonly value: number }

export interface Graph {
  /** For people to read. */
  readonly name: string
  /** Dimensions of the input without the batch, e.g. [1, 28, 28]. */
  readonly inputShape: readonly number[]
  /** In topological order; the last one makes the output. */
  readonly nodes: readonly GraphNode[]
  /** What the network does to the output after the graph. It keeps the order of the elements, and nothing more is known. */
  readonly ending?: Ending
}

/** exp(y) / Σ exp(y), or its logarithm. */
export type Ending = 'softmax' | 'log-softmax'

/** Length of every value: sizes[0] is the input's, sizes[i + 1] that of what node i makes. */
export function sizesOf({ inputShape, nodes }: Graph): number[] {
  const sizes = [inputShape.reduce((a, b) => a * b, 1)]
  for (const node of nodes) sizes.push(node.kind === 'relu' ? sizes[node.value] : node.bias.length)
  return sizes
}

/** Every value of the graph at one input: float64, the independent pass that counterexamples are re-run with. */
export function evaluateGraph({ nodes }: Graph, input: ArrayLike<number>): Float64Array[] {
  const values = [Float64Array.from(input)]
  for (const node of nodes) {
    if (node.kind === 'relu') values.push(values[node.value].map((z) => Math.max(z, 0)))
    else {
      const value = node.bias.slice()
      for (const { value: from, map } of node.terms) map.forward(values[from], value)
      values.push(value)
    }
  }
  return values
}

/**
 * A network of layers as a graph over its pixels. Normalisation is an affine node; a residual sum is one node with a
 * term for each convolution or linear layer that nothing else reads, and an identity for what else it adds.
 * @throws UserError if a layer cannot take what it reads, or there are more or fewer parameters than layers have
 */
export function graphOf(network: Network | Float64Network): Graph {
  const { architecture } = network
  requireAllParameters(network)
  const shapes = shapesOf(architecture)
  const nodes: GraphNode[] = []
  const single = readOnce(architecture)
  const affineOf = affineLayers(network)
  /** What every layer makes: a value, or a node that is not among the others yet. values[0] is the input. */
  const values: (number | AffineNode)[] = [0]
  const valueOf = (layer: number): number => {
    const made = values[layer + 1]
    if (typeof made === 'number') return made
    return (values[layer + 1] = nodes.push(made))
  }
  const summand = (layer: number): AffineNode => {
    const made = values[layer + 1]
    // only these: their biases are exact, so that the sum of two is rounded once, however they cancel
    const { kind } = architecture.layers[layer] ?? {}
    if (typeof made !== 'number' && (kind === 'convolution' || kind === 'linear') && single(layer)) return made
    const value = valueOf(layer)
    const size = sizeOf(shapes[layer + 1])
    const map = selectionMap(size, size, (j) => j)
    return { kind: 'affine', terms: [{ value, map }], bias: new Float64Array(size) }
  }
  architecture.layers.forEach((layer, i) => {
    const source = sourceOf(architecture, i)
    switch (layer.kind) {
      case 'flatten':
        return values.push(valueOf(source))
      case 'relu':
        return values.push(nodes.push({ kind: 'relu', value: valueOf(source) }))
      case 'add': {
        const [a, b] = [summand(layer.other), summand(source)]
        return values.push({
          kind: 'affine',
          terms: [...a.terms, ...b.terms],
          bias: a.bias.map((v, j) => v + b.bias[j]),
        })
      }
      default: {
        const { map, bias } = affineOf(layer, i)
        return values.push({ kind: 'affine', terms: [{ value: valueOf(source), map }], bias })
      }
    }
  })
  valueOf(architecture.layers.length - 1)
  return { name: architecture.name, inputShape: dimensions(architecture.input), nodes }
}

/** Whether one layer at most reads the output of a layer. */
function readOnce(architecture: Architecture): (layer: number) => boolean {
  const reads = new Int32Array(architecture.layers.length + 1)
  architecture.layers.forEach((layer, i) => {
    reads[sourceOf(architecture, i) + 1]++
    if (layer.kind === 'add') reads[layer.other + 1]++
  })
  return (layer) => reads[layer + 1] <= 1
}

/** The map of a layer and its bias, one per output value. */
function affineLayers({ architecture, parameters }: Network | Float64Network) {
  const shapes = shapesOf(architecture)
  const tensors = parameterLayout(architecture)
  return (layer: AffineLayer | NormaliseLayer | PoolLayer, i: number): { map: LinearMap; bias: Float64Array } => {
    const from = shapes[sourceOf(architecture, i) + 1]
    const to = shapes[i + 1]
    const [weight, bias] = tensors
      .filter((tensor) => tensor.layer === i)
      .map(({ offset, length }) => parameters.subarray(offset, offset + length))
    const perValue = (ofChannel: (c: number) => number) =>
      Float64Array.from({ length: sizeOf(to) }, (_, j) => ofChannel(Math.floor(j / (to.height * to.width))))
    switch (layer.kind) {
      case 'normalise': {
        const factors = perValue((c) => 1 / layer.deviation[c])
        const size = sizeOf(from)
        return {
          map: selectionMap(
            size,
            size,
            (j) => j,
            (j) => factors[j],
          ),
          bias: perValue((c) => -layer.mean[c] / layer.deviation[c]),
        }
      }
      case 'linear':
        return { map: denseMap(weight!, layer.outFeatures, sizeOf(from)), bias: perValue((c) => bias![c]) }
      case 'convolution': {
        const map = convolutionMap(weight!, windows(layer, from, to, layer.groups ?? 1))
        return { map, bias: perValue((c) => bias![c]) }
      }
      case 'averagePool': {
        const weights = new Float64Array(from.channels * layer.kernel ** 2).fill(1 / layer.kernel ** 2)
        return { map: convolutionMap(weights, windows(layer, from, to, from.channels)), bias: perValue(() => 0) }
      }
    }
  }
}

/** Square windows over an image. */
const windows = (
  { kernel, stride, padding }: WindowedLayer,
  from: Shape,
  to: Shape,
  groups: number,
): ConvolutionShape => ({
  input: [from.channels, from.height, from.width],
  outChannels: to.channels,
  kernel: [kernel, kernel],
  stride: [stride, stride],
  dilation: [1, 1],
  padding: [padding, padding, padding, padding],
  groups,
})

type PoolLayer = Extract<Layer, { kind: 'averagePool' }>
type WindowedLayer = Extract<Layer, { kind: 'convolution' | 'averagePool' }>
type NormaliseLayer = Extract<Layer, { kind: 'normalise' }>

const dimensions = ({ channels, height, width }: Shape): number[] =>
  height === 1 && width === 1 ? [channels] : [channels, height, width]
