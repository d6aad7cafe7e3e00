/**
 * NumPy's .npy: an array of numbers, or of texts, in either order of bytes and of axes.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { type UserError, badFile } from '../base/errors.ts'
import { toLatin1 } from './bytes.ts'
import { type FloatType, float16, float32, float64, readFloats } from './tensors.ts'

export const MAGIC = '\x93NUMPY'
/** NumPy's own limit. */
const MAX_RANK = 64
/** Types of floats: behind '<' little-endian, behind '>' big-endian. */
const floats: Readonly<Record<string, FloatType>> = { f2: float16, f4: float32, f8: float64 }

type Reader = (view: DataView, at: number, littleEndian: boolean) => number

/** Types of integers of more than one byte, by size and sign. */
const integers: Readonly<Record<string, Reader>> = {
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
}

export interface NpyArray {
  readonly shape: readonly number[]
  readonly kind: 'float' | 'integer' | 'truth' | 'text'
  /**
   * Row-major. Bytes and truth values are a Uint8Array, and other integers 64-bit floats; floats are of 32 bits if that is
   * exact. Of texts there is none.
   */
  readonly data: Uint8Array | Float32Array | Float64Array
  readonly texts?: readonly string[]
}

/**
 * @param where the file and the array, for messages
 * @throws UserError if it is damaged, or of another type
 */
export function readNpy(bytes: Uint8Array, where: string): NpyArray {
  const refuse = (what: string) => badFile(`${where} ${what}`)
  const { header, start } = readHeader(bytes, refuse)
  const type = /'descr': *'([^']*)'/.exec(header)?.[1]
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1]
  const tuple = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1]
  if (type === undefined || order === undefined || tuple === undefined) throw refuse(`has a header that is not read`)
  const shape = (tuple.match(/\d+/g) ?? []).map(Number)
  const length = shape.reduce((a, b) => a * b, 1)
  const [, endian, kind, digits] = /^([<>=|])([biufU])(\d{1,9})$/.exec(type) ?? []
  const isLittle = endian !== '>'
  const name = `${kind}${digits}`
  const isReadable =
    kind === 'U' ||
    ['u1', 'b1'].includes(name) ||
    Object.hasOwn(integers, name) ||
    (Object.hasOwn(floats, name) && (endian === '<' || endian === '>'))
  if (!isReadable)
    throw refuse(`is of type '${type}': only floats ('f2', 'f4', 'f8'), integers and texts ('U') are read`)
  const size = length * (kind === 'U' ? 4 * Number(digits) : Number(digits))
  // texts of no characters take no bytes, however many they are
  if (shape.length > MAX_RANK || bytes.length - start !== size || (kind === 'U' && length > Math.max(1, size))) {
    throw refuse(
      `of type '${type}' and shape [${shape.slice(0, MAX_RANK)}] has ${bytes.length - start} bytes of values`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, size)
  const isTransposed = order === 'True' && shape.length > 1
  if (kind === 'U') {
    if (isTransposed) throw refuse('has texts in the order of Fortran: save it in that of C')
    const width = 4 * Number(digits)
    const texts = Array.from({ length }, (_, i) =>
      readText(new DataView(view.buffer, view.byteOffset + i * width, width), isLittle, refuse),
    )
    return { shape, kind: 'text', data: new Uint8Array(), texts }
  }
  const values = readNumbers(view, length, name, isLittle)
  const is = kind === 'f' ? 'float' : kind === 'b' ? 'truth' : 'integer'
  return { shape, kind: is, data: isTransposed ? rowMajor(values, shape) : values }
}

function readNumbers(view: DataView, length: number, type: string, isLittle: boolean) {
  if (type.startsWith('f')) return readFloats(view, 0, length, floats[type], isLittle)
  if (type === 'u1' || type === 'b1') return new Uint8Array(view.buffer, view.byteOffset, length)
  const bytes = Number(type.slice(1))
  return Float64Array.from({ length }, (_, i) => integers[type](view, i * bytes, isLittle))
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
function rowMajor<T extends Uint8Array | Float32Array | Float64Array>(values: T, shape: readonly number[]): T {
  const result = values.slice() as T
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
