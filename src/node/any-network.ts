/** Networks in any of the formats, told apart by the extension of the file. */
import { extname } from 'node:path'
import { UserError } from '../base/errors.ts'
import { type Graph, graphOf } from '../model/graph.ts'
import { type Network, isFloat32 } from '../model/network.ts'
import { NEEDS_FLOAT64, networkOf, saveNetwork, tensorsOf } from '../formats/network-file.ts'
import { readNpz, writeNpz } from '../formats/npz.ts'
import { exportOnnx } from '../formats/onnx/export.ts'
import { type ImportOptions, importOnnx } from '../formats/onnx/import.ts'
import { readSafetensors } from '../formats/safetensors.ts'
import type { TensorFile } from '../formats/tensors.ts'

export interface AnyNetwork {
  readonly graph: Graph
  /** The same network as layers of ours with 32-bit floats, if it is made of what the engine takes. */
  readonly network: Network | undefined
  /** Why it is not: the first layer that does not fit, or its weights. */
  readonly misfit: string | undefined
  readonly metadata: Record<string, string>
}

interface Format {
  readonly load: (path: string, options: ImportOptions) => AnyNetwork
  readonly save: (path: string, network: Network, metadata: Readonly<Record<string, string>>) => void
}

function fromTensors(path: string, file: TensorFile): AnyNetwork {
  const { network, metadata } = networkOf(path, file)
  const fits = isFloat32(network)
  return {
    graph: graphOf(network),
    network: fits ? network : undefined,
    misfit: fits ? undefined : NEEDS_FLOAT64,
    metadata,
  }
}

const formats: Readonly<Record<string, Format>> = {
  '.safetensors': { load: (path) => fromTensors(path, readSafetensors(path)), save: saveNetwork },
  '.npz': {
    load: (path) => fromTensors(path, readNpz(path)),
    save: (path, network, metadata) => writeNpz(path, tensorsOf(network, metadata)),
  },
  '.onnx': { load: importOnnx, save: exportOnnx },
}

/** Extensions of the files that hold networks. */
export const networkExtensions: readonly string[] = Object.keys(formats)

/**
 * @throws UserError if the extension is of none of the formats, the file cannot be read or holds no such network, or an
 *   output is named and the format is not ONNX
 */
export function loadAnyNetwork(path: string, options: ImportOptions = {}): AnyNetwork {
  const format = formatOf(path, hintFor(path))
  if (options.output === undefined || format.load === importOnnx) return format.load(path, options)
  throw new UserError(`${path} has one output: leave out the name '${options.output}'`)
}

/**
 * Writes a network, atomically, in the format that the extension says.
 * @param metadata further texts to keep with it
 * @throws UserError if the extension is of none of the formats, or the file cannot be written
 */
export const saveAnyNetwork = (path: string, network: Network, metadata: Readonly<Record<string, string>> = {}): void =>
  formatOf(path).save(path, network, metadata)

/** @param hint what to do about another extension @throws UserError if the extension is of none of the formats */
export function formatOf(path: string, hint = RENAME): Format {
  // the competition ships its networks compressed
  const plain = path.replace(/\.onnx\.gz$/i, '.onnx')
  const format = formats[extname(plain).toLowerCase()]
  if (format) return format
  throw new UserError(`${path}: a network file ends in ${networkExtensions.join(', ')}: ${hint}`)
}

const hintFor = (path: string) => hints[extname(path.replace(/\.gz$/i, '')).toLowerCase()] ?? RENAME

const RENAME = 'give it the right extension'
const torch = 'export the network from PyTorch with torch.onnx.export'
const tensorFlow = 'export the network from TensorFlow with tf2onnx'
/** What to do with files of other extensions that are to be read. */
const hints: Readonly<Record<string, string>> = {
  ...{ '.pt': torch, '.pth': torch, '.ckpt': torch },
  ...{ '.h5': tensorFlow, '.hdf5': tensorFlow, '.keras': tensorFlow, '.pb': tensorFlow, '.tflite': tensorFlow },
  ...{ '.safetensors': 'uncompress it first', '.npz': 'uncompress it first' },
  '.npy': 'save all arrays of the network with numpy.savez',
  '.vnnlib': 'give the network first, then the property',
}
