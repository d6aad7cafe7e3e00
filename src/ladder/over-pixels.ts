/** Networks of any origin as networks over the pixels of a data set, in the order [channel][y][x]. */
import { UserError } from '../base/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import type { AnyNetwork } from '../formats/any-network.ts'
import { type Graph, sizesOf } from '../model/graph.ts'
import { formatShape, sizeOf } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { type Normalisation, isChannelsLast, normaliseNetwork, takeImages, takePixels } from '../model/normalise.ts'

interface PixelOptions {
  /** For a network that has none inside. */
  readonly normalisation?: Normalisation | undefined
  /** What messages call the network. */
  readonly name?: string
}

/**
 * Layers where it is made of those that the engine takes, else the graph.
 * @throws UserError if the network takes other images, or has a normalisation inside
 */
export function overPixels(
  { graph, network }: Pick<AnyNetwork, 'graph' | 'network'>,
  dataset: Dataset,
  options: PixelOptions = {},
): Network | Graph {
  const taken = network && takeImages(network, dataset.shape)
  // our layers take channels first
  if (!taken || isChannelsLast(dimensionsOf(taken), dataset.shape)) return graphOverPixels(graph, dataset, options)
  const { normalisation } = options
  return normalisation ? normaliseNetwork(taken, normalisation) : taken
}

const dimensionsOf = ({ architecture: { input } }: Network) => [input.channels, input.height, input.width]

/** @throws UserError as `overPixels` */
export function graphOverPixels(graph: Graph, dataset: Dataset, { normalisation, name }: PixelOptions = {}): Graph {
  requireFits(graph, name ?? `the network ${graph.name}`, dataset)
  return takePixels(graph, dataset.shape, normalisation, isChannelsLast(graph.inputShape, dataset.shape))
}

/** A graph may take an image of any order of its axes, or a vector of as many values. */
function requireFits(graph: Graph, what: string, { name, shape, classes }: Dataset): void {
  const { inputShape } = graph
  const longer = (sizes: readonly number[]) => sizes.filter((size) => size > 1).join('×')
  const isImage = longer(inputShape) === longer([shape.channels, shape.height, shape.width])
  const isTransposed = isChannelsLast(inputShape, shape)
  const isVector = longer(inputShape) === `${sizeOf(shape)}`
  const outputs = sizesOf(graph).at(-1)
  if ((isImage || isTransposed || isVector) && outputs === classes) return
  throw new UserError(
    `${what} takes ${inputShape.join('×')} and has ${outputs} outputs, but ${name} has ` +
      `${formatShape(shape)} images of ${classes} classes: choose another network or data set`,
  )
}
