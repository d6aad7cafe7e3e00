/**
 * Fits foreign networks to images of pixels in [0, 1]: puts the normalisation that their users do by hand in front, so
 * that ε is in pixel units everywhere.
 */
import { UserError } from '../base/errors.ts'
import type { Graph, GraphNode } from './graph.ts'
import { type Layer, type Shape, formatShape, sizeOf } from './layers.ts'
import { selectionMap } from './linear-map.ts'
import type { Network } from './network.ts'

/** A pixel p of channel c enters the network as (p − mean[c]) / deviation[c]. */
export interface Normalisation {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

/**
 * A network that takes vectors, or flattens grey images whose channel comes last, as one that takes images of as many
 * values and flattens them.
 * @param shape of the images
 */
export function takeImages({ architecture, parameters }: Network, shape: Shape): Network {
  const { input, layers } = architecture
  if (formatShape(input) === formatShape(shape) || sizeOf(input) !== sizeOf(shape)) return { architecture, parameters }
  const [first] = layers
  const isLast = isChannelsLast([input.channels, input.height, input.width], shape)
  const isFlattened = first?.kind === 'flatten' && !layers.some((layer) => 'from' in layer && layer.from === -1)
  if (isLast && isFlattened && shape.channels === 1) {
    return { architecture: { ...architecture, input: shape }, parameters }
  }
  if (input.height !== 1 || input.width !== 1 || first?.kind === 'normalise') return { architecture, parameters }
  return { architecture: { ...architecture, input: shape, layers: behind({ kind: 'flatten' }, layers) }, parameters }
}

/** Whether dimensions are those of images in the order [y][x][channel], as in TensorFlow, and in no other order. */
export function isChannelsLast(dimensions: readonly number[], { channels, height, width }: Shape): boolean {
  const sizes = dimensions.slice(-3).join('×')
  const isOne = dimensions.slice(0, -3).every((size) => size === 1)
  return isOne && sizes === `${height}×${width}×${channels}` && sizes !== `${channels}×${height}×${width}`
}

/** Layers after one more layer, which takes the image's place: the indices of what they read grow by one. */
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

/**
 * A graph over pixels in the order [channel][y][x].
 * @param shape of the images
 * @param channelsLast whether the graph itself takes them in the order [y][x][channel]
 * @throws UserError if it has a normalisation already, or another number of channels
 */
export function takePixels(
  graph: Graph,
  shape: Shape,
  normalisation: Normalisation | undefined,
  channelsLast: boolean,
): Graph {
  if (normalisation) {
    requireChannels(graph.name, normalisation, shape.channels)
    if (isNormalised(graph)) throw alreadyNormalised(graph.name)
  } else if (!channelsLast) return graph
  const { channels, height, width } = shape
  const size = sizeOf(shape)
  const area = height * width
  const pixel = (j: number) => (channelsLast ? (j % channels) * area + Math.floor(j / channels) : j)
  const channel = (j: number) => Math.floor(pixel(j) / area)
  const { mean, deviation } = normalisation ?? {
    mean: Array<number>(channels).fill(0),
    deviation: Array<number>(channels).fill(1),
  }
  const map = selectionMap(size, size, pixel, (j) => 1 / deviation[channel(j)])
  const bias = Float64Array.from({ length: size }, (_, j) => -mean[channel(j)] / deviation[channel(j)])
  const shifted = graph.nodes.map<GraphNode>((node) =>
    node.kind === 'relu'
      ? { ...node, value: node.value + 1 }
      : { ...node, terms: node.terms.map(({ value, map: next }) => ({ value: value + 1, map: next })) },
  )
  const inputShape = [channels, height, width]
  return { ...graph, inputShape, nodes: [{ kind: 'affine', terms: [{ value: 0, map }], bias }, ...shifted] }
}

/** Whether it begins with one output per input that depends on this input alone, maybe in another order. */
function isNormalised({ nodes }: Graph): boolean {
  const reordered = new Set([0])
  return nodes.some((node, i) => {
    if (node.kind !== 'affine' || node.terms.length !== 1) return false
    const { value, map } = node.terms[0]
    if (!reordered.has(value) || map.terms !== 1 || map.inputs !== map.outputs) return false
    const { form } = map
    const keeps = form.kind === 'sparse' && form.weight.every((w) => w === 1) && node.bias.every((b) => b === 0)
    if (keeps) reordered.add(i + 1)
    return !keeps
  })
}

const alreadyNormalised = (name: string) =>
  new UserError(`${name} begins with a normalisation of its own: leave out the mean and the deviation`)

function requireChannels(name: string, { mean, deviation }: Normalisation, channels: number): void {
  for (const [option, given] of Object.entries({ '--mean': mean, '--std': deviation })) {
    if (given.length !== channels) {
      throw new UserError(`${option} has ${given.length} numbers, but ${name} takes images of ${channels} channels`)
    }
  }
}
