/** What is certified: a network of our layers, which the engine takes, or any ReLU network by its file. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Dataset } from '../data/dataset.ts'
import { UserError } from '../base/errors.ts'
import { explainFileError } from '../node/atomic.ts'
import { type Graph, sizesOf } from '../model/graph.ts'
import { formatShape, sizeOf } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { type Normalisation, isChannelsLast, normaliseNetwork, takeImages, takePixels } from '../model/normalise.ts'

/** A network that is not made of our layers: its maps cannot be sent to other threads, so each reads the file. */
export interface GraphFile {
  readonly path: string
  /** Name of the output, if it is one of several. */
  readonly output?: string | undefined
  readonly name: string
  /** Of the file's bytes. */
  readonly sha256: string
  readonly normalisation: Normalisation | undefined
}

export const isGraphFile = (target: Network | GraphFile): target is GraphFile => 'path' in target

/** What a file holds. */
export interface LoadedFile {
  readonly path: string
  /** Name of the output, if it is one of several. */
  readonly output?: string | undefined
  readonly graph: Graph
  /** If it is made of layers that the engine takes. */
  readonly network: Network | undefined
}

/** Reads a network of any format. @throws UserError if the file cannot be read or does not hold a ReLU network */
export async function loadFile(path: string, output?: string): Promise<LoadedFile> {
  // the readers of foreign formats are loaded only for those who need them
  const { loadAnyNetwork } = await import('../node/any-network.ts')
  const { graph, network } = loadAnyNetwork(path, { output })
  return { path, output, graph, network }
}

/**
 * What a file holds, over the pixels of a data set.
 * @param normalisation for a network that has none inside
 * @throws UserError if the network takes other images, or has a normalisation inside
 */
export function targetOf(
  { path, output, graph, network }: LoadedFile,
  dataset: Dataset,
  normalisation?: Normalisation,
) {
  const taken = network && takeImages(network, dataset.shape)
  // our layers take channels first
  if (taken && !isChannelsLast(dimensionsOf(taken), dataset.shape)) {
    return normalisation ? normaliseNetwork(taken, normalisation) : taken
  }
  const file: GraphFile = { path, output, name: graph.name, sha256: hashOfFile(path), normalisation }
  fitGraph(graph, dataset, file)
  return file
}

/** The graph of a file, over pixels. @throws UserError also if the file has changed, or does not fit the data set */
export async function loadGraph(file: GraphFile, dataset: Dataset): Promise<Graph> {
  const { graph } = await loadFile(file.path, file.output)
  if (hashOfFile(file.path) !== file.sha256) throw new UserError(`${file.path} has changed: start again`)
  return fitGraph(graph, dataset, file)
}

function fitGraph(graph: Graph, dataset: Dataset, { path, normalisation }: GraphFile): Graph {
  requireFits(path, graph, dataset)
  return takePixels(graph, dataset.shape, normalisation, isChannelsLast(graph.inputShape, dataset.shape))
}

const dimensionsOf = ({ architecture: { input } }: Network) => [input.channels, input.height, input.width]

function requireFits(path: string, graph: Graph, { name, shape, classes }: Dataset): void {
  const { inputShape } = graph
  const longer = (sizes: readonly number[]) => sizes.filter((size) => size > 1).join('×')
  const isImage = longer(inputShape) === longer([shape.channels, shape.height, shape.width])
  const isTransposed = isChannelsLast(inputShape, shape)
  const isVector = longer(inputShape) === `${sizeOf(shape)}`
  if ((isImage || isTransposed || isVector) && sizesOf(graph).at(-1) === classes) return
  throw new UserError(
    `${path} takes ${inputShape.join('×')} and has ${sizesOf(graph).at(-1)} outputs, but ${name} has ` +
      `${formatShape(shape)} images of ${classes} classes: choose another network or data set`,
  )
}

function hashOfFile(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch (error) {
    throw explainFileError(error, 'read', path)
  }
}
