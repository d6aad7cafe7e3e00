/** Networks in files of any format. */
import { type AnyNetwork, type NetworkOptions, encodeAnyNetwork, networkParser } from '../formats/any-network.ts'
import type { Network } from '../model/network.ts'
import { readWholeFile, writeFileAtomic } from './atomic.ts'

/**
 * Reads a network in the format that the extension says: `parseNetworkFile` and `parseNetwork` tell more.
 * @throws UserError if the extension is of none of the formats, the file cannot be read or holds no such network, or an
 *   output is named and the format is not ONNX
 */
export function loadAnyNetwork(path: string, options: NetworkOptions = {}): AnyNetwork {
  const parse = networkParser(path, options)
  return parse(readWholeFile(path))
}

/**
 * Writes a network, atomically, in the format that the extension says.
 * @param metadata further texts to keep with it
 * @throws UserError if the extension is of none of the formats, the file cannot be written, or a parameter is NaN or
 *   infinite
 */
export const saveAnyNetwork = (path: string, network: Network, metadata: Readonly<Record<string, string>> = {}): void =>
  writeFileAtomic(path, encodeAnyNetwork(network, path, metadata))
