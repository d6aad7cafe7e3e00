/** Networks in files of our own format: runs of training read and write no other, and need not load the readers of ONNX. */
import { encodeNetworkFile, parseNetworkFile } from '../formats/network-file.ts'
import type { Network } from '../model/network.ts'
import { readWholeFile, writeFileAtomic } from './atomic.ts'

/** Reads a safetensors file of any name: `parseNetworkFile` tells which. @throws UserError also if it cannot be read */
export const loadNetwork = (path: string): { network: Network; metadata: Record<string, string> } =>
  parseNetworkFile(readWholeFile(path), path)

/**
 * Writes a network as safetensors, atomically.
 * @param metadata further texts to keep with it, e.g. the ε it was trained for
 * @throws UserError if the file cannot be written or a parameter is NaN or infinite
 * @throws UserError if the parameters do not fill the architecture, or `metadata` has the architecture's key
 */
export const saveNetwork = (path: string, network: Network, metadata: Readonly<Record<string, string>> = {}): void =>
  writeFileAtomic(path, encodeNetworkFile(network, metadata, path))
