/** Networks in any of the formats, told apart by the extension of the file's name. */
import { UserError } from '../base/errors.ts'
import { type Graph, graphOf } from '../model/graph.ts'
import { type Network, isFloat32 } from '../model/network.ts'
import type { ArchitectureFrom, Given } from './recognise.ts'
import { NEEDS_FLOAT64, encodeNetworkFile, networkOf, tensorsOf } from './network-file.ts'
import { encodeNpz, parseNpz } from './npz.ts'
import { encodeNetwork } from './onnx/export.ts'
import { type ImportOptions, parseNetwork } from './onnx/import.ts'
import { parsePytorch } from './pytorch.ts'
import { parseSafetensors } from './safetensors.ts'
import type { TensorFile } from './tensors.ts'

export interface AnyNetwork {
  readonly graph: Graph
  /** The same network as layers of ours with 32-bit floats, if it is made of what the engine takes. */
  readonly network: Network | undefined
  /**
   * That network, or, where 32-bit floats cannot hold its weights, with weights rounded to them: another network, which
   * can be trained on. Undefined if it is not made of our layers.
   */
  readonly rounded: Network | undefined
  /** Why it is not: the first layer that does not fit, or its weights. */
  readonly misfit: string | undefined
  readonly architectureFrom: ArchitectureFrom
  readonly metadata: Record<string, string>
}

/** What to read of a file, and what it may not say. */
export interface NetworkOptions extends ImportOptions, Given {}

interface Format {
  readonly parse: (bytes: Uint8Array, path: string, options: NetworkOptions) => AnyNetwork
  /** Undefined if it is only read. */
  readonly encode?: (network: Network, metadata: Readonly<Record<string, string>>, path: string) => Uint8Array
}

function fromTensors(path: string, file: TensorFile, given: Given): AnyNetwork {
  const { network, ...rest } = networkOf(path, file, given)
  const graph = graphOf(network)
  if (isFloat32(network)) return { graph, network, rounded: network, misfit: undefined, ...rest }
  const rounded = { architecture: network.architecture, parameters: Float32Array.from(network.parameters) }
  return { graph, network: undefined, rounded, misfit: NEEDS_FLOAT64, ...rest }
}

const fromOnnx: Format['parse'] = (bytes, path, options) => ({
  ...parseNetwork(bytes, path, options),
  architectureFrom: 'file',
})
const fromPytorch: Format['parse'] = (bytes, path, given) => fromTensors(path, parsePytorch(bytes, path), given)

const formats: Readonly<Record<string, Format>> = {
  '.safetensors': {
    parse: (bytes, path, given) => fromTensors(path, parseSafetensors(bytes, path), given),
    encode: encodeNetworkFile,
  },
  '.npz': {
    parse: (bytes, path, given) => fromTensors(path, parseNpz(bytes, path), given),
    encode: (network, metadata, path) => encodeNpz(tensorsOf(network, metadata), path),
  },
  '.onnx': { parse: fromOnnx, encode: encodeNetwork },
  '.pt': { parse: fromPytorch },
  '.pth': { parse: fromPytorch },
}

/** Extensions of the files that networks are read from. */
export const networkExtensions: readonly string[] = Object.keys(formats)
/** Extensions of those that they are written to. */
export const writtenExtensions: readonly string[] = networkExtensions.filter((extension) => formats[extension].encode)

/**
 * What reads the bytes of a file of this name.
 * @throws UserError if the extension is of none of the formats, or an output is named and the format is not ONNX
 */
export function networkParser(path: string, options: NetworkOptions = {}): (bytes: Uint8Array) => AnyNetwork {
  const format = formatOf(path)
  if (options.output !== undefined && format.parse !== fromOnnx)
    throw new UserError(`${path} has one output: leave out the name '${options.output}'`)
  return (bytes) => format.parse(bytes, path, options)
}

/**
 * Reads a network in the format that the extension of its file's name says.
 * @param path the name, for messages, too
 * @throws UserError if the extension is of none of the formats, the bytes hold no such network, or an output is named
 *   and the format is not ONNX
 */
export const parseAnyNetwork = (bytes: Uint8Array, path: string, options: NetworkOptions = {}): AnyNetwork =>
  networkParser(path, options)(bytes)

/**
 * The file of a network, in the format that the extension of its name says.
 * @param metadata further texts to keep with it
 * @throws UserError if the extension is of none of the formats, or a parameter is NaN or infinite
 */
export const encodeAnyNetwork = (
  network: Network,
  path: string,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array => writerFor(path)(network, metadata, path)

/** What writes files of this name. @throws UserError if the extension is of none of the formats that are written */
export function writerFor(path: string): NonNullable<Format['encode']> {
  const format = formats[extensionOf(withoutGz(path))]
  if (format?.encode) return format.encode
  throw new UserError(`${path}: networks are written to ${writtenExtensions.join(', ')}: ${RENAME}`)
}

/** @throws UserError if the extension is of none of the formats */
function formatOf(path: string): Format {
  const format = formats[extensionOf(withoutGz(path))]
  if (format) return format
  throw new UserError(`${path}: a network file ends in ${networkExtensions.join(', ')}: ${hintFor(path)}`)
}

/** The competition ships its networks compressed. */
const withoutGz = (path: string) => path.replace(/\.onnx\.gz$/i, '.onnx')

/** '.onnx' of 'folder/net.ONNX'; nothing of a name that only begins with a dot. */
const extensionOf = (path: string) => /[^/](\.[^./]*)$/.exec(path)?.[1].toLowerCase() ?? ''

const hintFor = (path: string) => hints[extensionOf(path.replace(/\.gz$/i, ''))] ?? RENAME

const RENAME = 'give it the right extension'
const tensorFlow = 'export the network from TensorFlow with tf2onnx'
/** What to do with files of other extensions that are to be read. */
const hints: Readonly<Record<string, string>> = {
  '.ckpt': "if PyTorch wrote it, let its name end in '.pt'",
  ...{ '.h5': tensorFlow, '.hdf5': tensorFlow, '.keras': tensorFlow, '.pb': tensorFlow, '.tflite': tensorFlow },
  ...{ '.safetensors': 'uncompress it first', '.npz': 'uncompress it first' },
  '.npy': 'save all arrays of the network with numpy.savez',
  '.vnnlib': 'give the network first, then the property',
}
