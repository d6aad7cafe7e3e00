/** What a certification is asked about: the network of a file, over the pixels of a data set. */
import type { Dataset } from '../../data/dataset.ts'
import type { AnyNetwork, NetworkOptions } from '../../formats/any-network.ts'
import { overPixels } from '../../ladder/over-pixels.ts'
import { isGraph } from '../../ladder/plan.ts'
import type { Graph } from '../../model/graph.ts'
import type { Network } from '../../model/network.ts'
import type { Normalisation } from '../../model/normalise.ts'
import { requireSameRanges } from '../../data/feature-ranges.ts'
import { readWholeFile } from '../atomic.ts'
import { hashOfNetwork, sha256 } from './hash.ts'

export interface Target {
  readonly network: Network | Graph
  /** What a file of certificates says of it. */
  readonly identity: { readonly name: string; readonly sha256: string }
}

/** A network of layers as it is. */
export const targetOf = (network: Network): Target => ({
  network,
  identity: { name: network.architecture.name, sha256: hashOfNetwork(network) },
})

/** What a file holds. */
export interface NetworkFile
  extends Pick<AnyNetwork, 'graph' | 'network' | 'metadata'>, Pick<NetworkOptions, 'output' | 'architecture'> {
  readonly path: string
  /** Of the file's bytes. */
  readonly sha256: string
}

/** @throws UserError if the file cannot be read or does not hold a ReLU network */
export async function readNetworkFile(
  path: string,
  options: NetworkOptions = {},
): Promise<NetworkFile & Pick<AnyNetwork, 'architectureFrom'>> {
  // the readers of foreign formats are loaded only for those who need them
  const { networkParser } = await import('../../formats/any-network.ts')
  const parse = networkParser(path, options)
  const bytes = readWholeFile(path)
  const { graph, network, metadata, architectureFrom } = parse(bytes)
  const { output, architecture } = options
  return { path, output, architecture, graph, network, metadata, architectureFrom, sha256: sha256(bytes) }
}

/**
 * The network of a file, over the pixels of a data set.
 * @param normalisation for a network that has none inside
 * @throws UserError if the network takes other images, or has a normalisation inside, or was trained on a table with other
 *   ranges
 */
export function targetOfFile(file: NetworkFile, dataset: Dataset, normalisation?: Normalisation): Target {
  requireSameRanges(file.metadata, dataset, file.path)
  const network = overPixels(file, dataset, { name: file.path, normalisation })
  if (!isGraph(network)) return targetOf(network)
  const { output, architecture, graph } = file
  const more = [normalisation, output && { output }, architecture && { architecture }].flatMap((one) =>
    one ? [JSON.stringify(one)] : [],
  )
  return {
    network,
    identity: { name: graph.name, sha256: more.length > 0 ? sha256(file.sha256, ...more) : file.sha256 },
  }
}
