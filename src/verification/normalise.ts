/**
 * Fits foreign networks to images of pixels in [0, 1]: puts the normalisation that their users do by hand in front, so
 * that ε is in pixel units everywhere.
 */
import { UserError } from '../errors.ts'
import type { Graph, GraphNode } from '../networks/graph.ts'
import { type Layer, type Shape, formatShape, sizeOf } from '../networks/layers.ts'
import { selectionMap } from '../networks/linear-map.ts'
import type { Network } from '../networks/network.ts'

/** A pixel p of channel c enters the network as (p − mean[c]) / deviation[c]. */
export interface Normalisation {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

/**
 * A network that takes vectors, as one that takes images of as many values and flattens them.
 * @param shape of the images
 */
export function takeImages({ architecture, parameters }: Network, shape: Shape): Network {
  const { input, layers } = architecture
  const isVector = input.height === 1 && input.width === 1 && sizeOf(input) === sizeOf(shape)
  if (!isVector || layers[0]?.kind === 'normalise' || formatShape(input) === formatShape(shape)) {
    return { architecture, parameters }
  }
  return { architecture: { ...architecture, input: shape, layers: behind({ kind: 'flatten' }, layers) }, parameters }
}

/** Layers behind one more, which takes the image's place: what they read is one further on. */
const behind = (first: Layer, layers: readonly Layer[]): Layer[] => [
  first,
  ...layers.map((layer) => {
    if (layer.kind === 'add') return { ...layer, other: layer.other + 1 }
    return layer.kind === 'convolution' && layer.from !== undefined ? { ...layer, from: layer.from + 1 } : layer
  }),
]

/** The network behind the normalisation. @throws UserError if it has one already, or another number of channels */
export function normaliseNetwork({ architecture, parameters }: Network, normalisation: Normalisation): Network {
  const { name, input, layers } = architecture
  requireChannels(name, normalisation, input.channels)
  if (layers[0]?.kind === 'normalise') throw alreadyNormalised(name)
  const { mean, deviation } = normalisation
  const normalised = behind({ kind: 'normalise', mean, deviation }, layers)
  return { architecture: { ...architecture, layers: normalised }, parameters }
}

/** The same for a graph. @param shape of the images, whose values the graph takes in the order [channel][y][x] */
export function normaliseGraph(graph: Graph, shape: Shape, normalisation: Normalisation): Graph {
  requireChannels(graph.name, normalisation, shape.channels)
  if (graph.nodes.some(scalesInput)) throw alreadyNormalised(graph.name)
  const size = sizeOf(shape)
  const channel = (j: number) => Math.floor(j / (shape.height * shape.width))
  const { mean, deviation } = normalisation
  const scale = selectionMap(
    size,
    size,
    (j) => j,
    (j) => 1 / deviation[channel(j)]!,
  )
  const bias = Float64Array.from({ length: size }, (_, j) => -mean[channel(j)]! / deviation[channel(j)]!)
  const shifted = graph.nodes.map<GraphNode>((node) =>
    node.kind === 'relu'
      ? { ...node, value: node.value + 1 }
      : { ...node, terms: node.terms.map(({ value, map }) => ({ value: value + 1, map })) },
  )
  return { ...graph, nodes: [{ kind: 'affine', terms: [{ value: 0, map: scale }], bias }, ...shifted] }
}

/** One output per input, made of nothing else: what a normalisation is. */
const scalesInput = (node: GraphNode): boolean =>
  node.kind === 'affine' &&
  node.terms.length === 1 &&
  node.terms.every(({ value, map }) => value === 0 && map.terms === 1 && map.inputs === map.outputs)

const alreadyNormalised = (name: string) =>
  new UserError(`${name} begins with a normalisation of its own: leave out --mean and --std`)

function requireChannels(name: string, { mean, deviation }: Normalisation, channels: number): void {
  for (const [option, given] of Object.entries({ '--mean': mean, '--std': deviation })) {
    if (given.length !== channels) {
      throw new UserError(`${option} has ${given.length} numbers, but ${name} takes images of ${channels} channels`)
    }
  }
}
