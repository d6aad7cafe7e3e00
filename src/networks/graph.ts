/**
 * Any ReLU network as a directed acyclic graph of affine maps and ReLUs in float64: residual sums, concatenations,
 * pooling and the like are all affine. What verification works on; sequential networks become graphs by `graphOf`.
 */
import { type LinearMap, convolutionMap, denseMap, selectionMap } from './linear-map.ts'
import { type Shape, sizeOf } from './layers.ts'
import { type Network, parameterLayout, shapesOf } from './network.ts'

/** One node makes one value, a vector. Value 0 is the input; node i makes value i + 1 from values before it. */
export type GraphNode =
  /** Σ map(value) + bias */
  | {
      readonly kind: 'affine'
      readonly terms: readonly { readonly value: number; readonly map: LinearMap }[]
      readonly bias: Float64Array
    }
  /** max(value, 0), element by element */
  | { readonly kind: 'relu'; readonly value: number }

export interface Graph {
  /** For people. */
  readonly name: string
  /** Dimensions of the input without the batch, e.g. [1, 28, 28]. */
  readonly inputShape: readonly number[]
  /** In topological order; the last one makes the output. */
  readonly nodes: readonly GraphNode[]
}

/** Length of every value: sizes[0] is the input's, sizes[i + 1] that of what node i makes. */
export function sizesOf({ inputShape, nodes }: Graph): number[] {
  const sizes = [inputShape.reduce((a, b) => a * b, 1)]
  for (const node of nodes) sizes.push(node.kind === 'relu' ? sizes[node.value]! : node.bias.length)
  return sizes
}

/** Every value of the graph at one input: float64, the independent pass that counterexamples are re-run with. */
export function evaluateGraph({ nodes }: Graph, input: ArrayLike<number>): Float64Array[] {
  const values = [Float64Array.from(input)]
  for (const node of nodes) {
    if (node.kind === 'relu') values.push(values[node.value]!.map((z) => Math.max(z, 0)))
    else {
      const value = node.bias.slice()
      for (const { value: from, map } of node.terms) map.forward(values[from]!, value)
      values.push(value)
    }
  }
  return values
}

/** A sequential network as a graph over its pixels: normalisation is its first affine node. */
export function graphOf({ architecture, parameters }: Network): Graph {
  const { name, input, layers } = architecture
  const shapes = shapesOf(architecture)
  const tensors = parameterLayout(architecture)
  const nodes: GraphNode[] = []
  const affine = (map: LinearMap, bias: Float64Array) =>
    nodes.push({ kind: 'affine', terms: [{ value: nodes.length, map }], bias })
  layers.forEach((layer, i) => {
    const from = shapes[i]!
    const to = shapes[i + 1]!
    const [weight, bias] = tensors
      .filter((tensor) => tensor.layer === i)
      .map(({ offset, length }) => parameters.subarray(offset, offset + length))
    if (layer.kind === 'relu') nodes.push({ kind: 'relu', value: nodes.length })
    else if (layer.kind === 'normalise') {
      const channel = (j: number) => Math.floor(j / (from.height * from.width))
      const scale = selectionMap(
        sizeOf(from),
        sizeOf(from),
        (j) => j,
        (j) => 1 / layer.deviation[channel(j)]!,
      )
      affine(
        scale,
        Float64Array.from({ length: sizeOf(from) }, (_, j) => -layer.mean[channel(j)]! / layer.deviation[channel(j)]!),
      )
    } else if (layer.kind === 'linear') {
      affine(denseMap(weight!, layer.outFeatures, sizeOf(from)), Float64Array.from(bias!))
    } else if (layer.kind === 'convolution') {
      const { kernel, stride, padding } = layer
      const map = convolutionMap(weight!, {
        input: [from.channels, from.height, from.width],
        outChannels: to.channels,
        kernel: [kernel, kernel],
        stride: [stride, stride],
        dilation: [1, 1],
        padding: [padding, padding, padding, padding],
        groups: 1,
      })
      affine(
        map,
        Float64Array.from({ length: sizeOf(to) }, (_, j) => bias![Math.floor(j / (to.height * to.width))]!),
      )
    }
  })
  return { name, inputShape: dimensions(input), nodes }
}

const dimensions = ({ channels, height, width }: Shape): number[] =>
  height === 1 && width === 1 ? [channels] : [channels, height, width]
