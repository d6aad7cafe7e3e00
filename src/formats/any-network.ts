/** Networks in any of the formats, told apart by the extension of the file. */
import { extname } from 'node:path'
import { UserError } from '../errors.ts'
import { type Graph, graphOf } from '../networks/graph.ts'
import type { Network } from '../networks/network.ts'
import { loadNetwork, networkOf, saveNetwork, tensorsOf } from './network-file.ts'
import { readNpz, writeNpz } from './npz.ts'
import { exportOnnx } from './onnx/export.ts'
import { importOnnx } from './onnx/import.ts'

export interface AnyNetwork {
  readonly graph: Graph
  /** The same network as layers of ours: always, but for ONNX files, and of those only what the engine takes. */
  readonly network: Network | undefined
  /** Why it is not: the first layer that does not fit. */
  readonly misfit: string | undefined
  readonly metadata: Record<string, string>
}

interface Format {
  readonly load: (path: string) => AnyNetwork
  readonly save: (path: string, network: Network, metadata: Readonly<Record<string, string>>) => void
}

const layered = ({ network, metadata }: { network: Network; metadata: Record<string, string> }): AnyNetwork => ({
  graph: graphOf(network),
  network,
  misfit: undefined,
  metadata,
})

const formats: Readonly<Record<string, Format>> = {
  '.safetensors': { load: (path) => layered(loadNetwork(path)), save: saveNetwork },
  '.npz': {
    load: (path) => layered(networkOf(path, readNpz(path))),
    save: (path, network, metadata) => writeNpz(path, tensorsOf(network, metadata)),
  },
  '.onnx': { load: importOnnx, save: exportOnnx },
}

/** Extensions of the files that hold networks. */
export const networkExtensions: readonly string[] = Object.keys(formats)

/** @throws UserError if the extension is of none of the formats, or the file cannot be read or holds no such network */
export const loadAnyNetwork = (path: string): AnyNetwork => formatOf(path).load(path)

/**
 * Writes a network, atomically, in the format that the extension says.
 * @param metadata further texts to keep with it
 * @throws UserError if the extension is of none of the formats, or the file cannot be written
 */
export const saveAnyNetwork = (path: string, network: Network, metadata: Readonly<Record<string, string>> = {}): void =>
  formatOf(path).save(path, network, metadata)

/** @throws UserError if the extension is of none of the formats */
export function formatOf(path: string): Format {
  // the competition ships its networks compressed
  const plain = path.replace(/\.onnx\.gz$/i, '.onnx')
  const format = formats[extname(plain).toLowerCase()]
  if (format) return format
  throw new UserError(`${path}: a network file ends in ${networkExtensions.join(', ')}: give it the right extension`)
}
