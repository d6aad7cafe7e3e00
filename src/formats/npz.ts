/**
 * NumPy's .npz: a zip archive of .npy arrays. Tensors are arrays of floats, metadata are texts (0-d arrays of type
 * '<U'), so that `numpy.load(path)['0.weight']` is a weight and `str(numpy.load(path)['robustra.architecture'])` a text.
 * Of integers, which are no weights, only the names are read.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { UserError, badFile } from '../base/errors.ts'
import { fromLatin1, toLatin1 } from './bytes.ts'
import { refuseForeign } from './foreign.ts'
import {
  type FloatType,
  type Tensor,
  type TensorFile,
  float16,
  float32,
  float64,
  readFloats,
  requireFinite,
} from './tensors.ts'
import { readZip, writeZip } from './zip.ts'

const MAGIC = '\x93NUMPY'
const EXTENSION = '.npy'
/** Types of floats: behind '<' little-endian, behind '>' big-endian. */
const floats: Readonly<Record<string, FloatType>> = { f2: float16, f4: float32, f8: float64 }
/** NumPy's own limit. */
const MAX_RANK = 64

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
  for (const [entry, content] of readZip(bytes, path)) {
    const name = entry.endsWith(EXTENSION) ? entry.slice(0, -EXTENSION.length) : entry
    const array = readArray(content, `${path}: array '${name}'`)
    if (typeof array === 'string') metadata.push([name, array])
    else if (array === undefined) integers.add(name)
    else {
      requireFinite(array.data, name, path)
      tensors.set(name, array)
    }
  }
  return { metadata: Object.fromEntries(metadata), tensors, ...(integers.size > 0 && { integers }) }
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

/** @param where the file and the array, for messages @returns undefined for integers and truth values */
function readArray(bytes: Uint8Array, where: string): Tensor | string | undefined {
  const refuse = (what: string) => badFile(`${where} ${what}`)
  const { header, start } = readHeader(bytes, refuse)
  const type = /'descr': *'([^']*)'/.exec(header)?.[1]
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1]
  const tuple = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1]
  if (type === undefined || order === undefined || tuple === undefined) throw refuse(`has a header that is not read`)
  const shape = (tuple.match(/\d+/g) ?? []).map(Number)
  const length = shape.reduce((a, b) => a * b, 1)
  const [, endian, kind, digits] = /^([<>=|])([biufU])(\d{1,9})$/.exec(type) ?? []
  const float = kind === 'f' && (endian === '<' || endian === '>') ? floats[`f${digits}`] : undefined
  const isInteger = kind !== undefined && 'biu'.includes(kind)
  if (float === undefined && !isInteger && kind !== 'U') {
    throw refuse(`is of type '${type}': only floats ('f2', 'f4', 'f8'), integers beside them and texts ('U') are read`)
  }
  if (kind === 'U' && shape.length > 0) throw refuse('is a list of texts: only single ones are read')
  const size = length * (kind === 'U' ? 4 * Number(digits) : Number(digits))
  if (shape.length > MAX_RANK || bytes.length - start !== size) {
    throw refuse(
      `of type '${type}' and shape [${shape.slice(0, MAX_RANK)}] has ${bytes.length - start} bytes of values`,
    )
  }
  if (isInteger) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, size)
  if (float === undefined) return readText(view, endian !== '>', refuse)
  const values = readFloats(view, 0, length, float, endian === '<')
  return { shape, data: order === 'True' ? rowMajor(values, shape) : values }
}

function readHeader(bytes: Uint8Array, refuse: (what: string) => UserError): { header: string; start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const text = (from: number, to: number) => toLatin1(bytes.subarray(from, to))
  if (text(0, 6) !== MAGIC || bytes.length < 12) throw refuse('is not a .npy array')
  const version = bytes[6]
  if (!(version >= 1 && version <= 3)) throw refuse(`has version ${version} of the format: only 1 to 3 are read`)
  const begin = version === 1 ? 10 : 12
  const start = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (start > bytes.length) throw refuse('is cut short')
  return { header: text(begin, start), start }
}

function readText(view: DataView, littleEndian: boolean, refuse: (what: string) => UserError): string {
  let text = ''
  for (let at = 0; at < view.byteLength; at += 4) {
    const code = view.getUint32(at, littleEndian)
    if (code > 0x10ffff) throw refuse('holds a character that does not exist')
    text += String.fromCodePoint(code)
  }
  // As NumPy does, whose texts are filled up with zeros.
  return text.replace(/\0+$/, '')
}

/** From Fortran's order, where the first index runs fastest. */
function rowMajor(values: Tensor['data'], shape: readonly number[]): Tensor['data'] {
  const result = values.slice()
  const index = shape.map(() => 0)
  for (const [at] of values.entries()) {
    let [to, stride] = [0, 1]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      to += index[axis] * stride
      stride *= shape[axis]
    }
    result[to] = values[at]
    for (let axis = 0; axis < shape.length && ++index[axis] === shape[axis]; axis++) index[axis] = 0
  }
  return result
}
