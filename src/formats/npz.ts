/**
 * NumPy's .npz: a zip archive of .npy arrays. Tensors are arrays of floats, metadata are texts (0-d arrays of type
 * '<U'), so that `numpy.load(path)['0.weight']` is a weight and `str(numpy.load(path)['robustra.architecture'])` a text.
 * Of integers, which are no weights, only the names are read.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { UserError, badFile } from '../base/errors.ts'
import { fromLatin1 } from './bytes.ts'
import { refuseForeign } from './foreign.ts'
import { MAGIC, type NpyArray, readNpy } from './npy.ts'
import { type Tensor, type TensorFile, requireFinite } from './tensors.ts'
import { readZip, writeZip } from './zip.ts'

const EXTENSION = '.npy'

/**
 * Reads arrays of floats of 16, 32 and 64 bits, exactly and in either order of their bytes, and texts.
 * @param path the name of the file, for messages
 * @throws UserError naming the file, and the array where there is one, if the archive or an array is damaged or of
 *   another type, or holds NaN or infinity
 */
export function parseNpz(bytes: Uint8Array, path: string): TensorFile {
  refuseForeign(bytes, path, 'npz')
  const metadata: [string, string][] = []
  const tensors = new Map<string, Tensor>()
  const integers = new Set<string>()
  for (const [name, { shape, data, texts, kind }] of parseArrays(bytes, path)) {
    if (texts) {
      if (shape.length > 0) throw badFile(`${path}: array '${name}' is a list of texts: only single ones are read`)
      metadata.push([name, texts[0]])
    } else if (kind !== 'float' || data instanceof Uint8Array) integers.add(name)
    else {
      requireFinite(data, name, path)
      tensors.set(name, { shape, data })
    }
  }
  return { metadata: Object.fromEntries(metadata), tensors, ...(integers.size > 0 && { integers }) }
}

/**
 * All arrays by name, whatever they hold.
 * @param path the name of the file, for messages
 * @throws UserError naming the file, and the array where there is one, if the archive or an array is damaged
 */
export function parseArrays(bytes: Uint8Array, path: string): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>()
  for (const [entry, content] of readZip(bytes, path)) {
    const name = entry.endsWith(EXTENSION) ? entry.slice(0, -EXTENSION.length) : entry
    arrays.set(name, readNpy(content, `${path}: array '${name}'`))
  }
  return arrays
}

/**
 * An archive of tensors as 32-bit floats, or as 64-bit ones where they need it, and of metadata as texts.
 * @param path the name of the file, for messages
 * @throws UserError if a tensor holds NaN or infinity
 */
export function encodeNpz({ metadata, tensors }: TensorFile, path: string): Uint8Array {
  for (const [name, { data }] of tensors) requireFinite(data, name, `${path} was not written`)
  return encodeArrays(tensors, metadata, path)
}

/** Floats, or integers of 64 bits. */
export interface NumpyArray {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | BigInt64Array
}

/**
 * An archive of arrays and of texts.
 * @param path the name of the file, for messages
 * @throws UserError if an array and a text have one name
 */
export function encodeArrays(
  arrays: ReadonlyMap<string, NumpyArray>,
  texts: Readonly<Record<string, string>>,
  path: string,
): Uint8Array {
  const entries = new Map<string, Uint8Array>()
  for (const [name, text] of Object.entries(texts)) entries.set(name + EXTENSION, encodeText(text))
  for (const [name, array] of arrays) {
    if (Object.hasOwn(texts, name)) throw new UserError(`'${name}' is both an array and a text`)
    entries.set(name + EXTENSION, encodeArray(array))
  }
  return writeZip(entries, path)
}

function encodeArray({ shape, data }: NumpyArray): Uint8Array {
  const kind = data instanceof BigInt64Array ? 'i' : 'f'
  const { bytes, view, start } = allocate(`<${kind}${data.BYTES_PER_ELEMENT}`, shape, data.byteLength)
  if (data instanceof BigInt64Array) data.forEach((value, i) => view.setBigInt64(start + 8 * i, value, true))
  else if (data instanceof Float64Array) data.forEach((value, i) => view.setFloat64(start + 8 * i, value, true))
  else data.forEach((value, i) => view.setFloat32(start + 4 * i, value, true))
  return bytes
}

function encodeText(text: string): Uint8Array {
  const characters = [...text]
  const { bytes, view, start } = allocate(`<U${characters.length}`, [], 4 * characters.length)
  characters.forEach((character, i) => view.setUint32(start + 4 * i, character.codePointAt(0)!, true))
  return bytes
}

/** An array's header, padded as the format asks, and room for its values. */
function allocate(type: string, shape: readonly number[], size: number) {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`
  const start = Math.ceil((MAGIC.length + 4 + header.length + 1) / 64) * 64
  const bytes = new Uint8Array(start + size)
  const view = new DataView(bytes.buffer)
  const begin = MAGIC.length + 4
  bytes.set(fromLatin1(MAGIC))
  view.setUint8(MAGIC.length, 1)
  view.setUint16(MAGIC.length + 2, start - begin, true)
  bytes.set(fromLatin1(header.padEnd(start - begin - 1) + '\n'), begin)
  return { bytes, view, start }
}
