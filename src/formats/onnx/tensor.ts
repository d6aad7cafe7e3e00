/** Constants of an ONNX model: checked against their shape, then decoded. */
import { badFile } from '../../base/errors.ts'
import { halfToNumber, roundToHalf } from '../tensors.ts'
import {
  BFLOAT16,
  BOOL,
  DOUBLE,
  EXTERNAL,
  FLOAT,
  FLOAT16,
  INT16,
  INT32,
  INT64,
  INT8,
  type TensorProto,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
} from './schema.ts'
import { MAX_ELEMENTS, MAX_RANK, elementsOf } from './shape.ts'

export interface Constant {
  readonly shape: readonly number[]
  /** Row-major. Doubles and integers are held as 64-bit floats, true and false as 1 and 0. No NaN. */
  readonly data: Float32Array | Float64Array
  /** If the numbers are whole: the range of their type. Beyond 2^53 they are rounded. */
  readonly integer: Range | false
  /** Whether it holds ±infinity. Such a constant can only be a bound (`Call.bound`). */
  readonly infinite?: boolean
  /** How far its numbers may be from the real ones, in units of 2⁻⁵³ of each; none where they are exact. */
  readonly error?: number
}

/** Least and most. */
export type Range = readonly [number, number]

const signed = (bits: number): Range => [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
const unsigned = (bits: number): Range => [0, 2 ** bits - 1]

/** Ranges of types of whole numbers. */
export const ranges: Readonly<Record<number, Range>> = {
  [BOOL]: unsigned(1),
  [INT8]: signed(8),
  [UINT8]: unsigned(8),
  [INT16]: signed(16),
  [UINT16]: unsigned(16),
  [INT32]: signed(32),
  [UINT32]: unsigned(32),
  [INT64]: signed(64),
  [UINT64]: unsigned(64),
}

/** A floating-point type, and how a number is rounded to it. */
export const roundings: Readonly<Record<number, (x: number) => number>> = {
  [FLOAT16]: roundToHalf,
  [BFLOAT16]: (x) => toBfloat16(Math.fround(x)),
  [FLOAT]: Math.fround,
  [DOUBLE]: (x) => x,
}

interface Reader {
  readonly bytes: number
  readonly field: (tensor: TensorProto) => readonly unknown[]
  readonly read: (view: DataView, at: number) => number
  /** How to read a number from `field`, if the field holds something else. */
  readonly decode?: (bits: number) => number
}

const whole = (bytes: number, read: Reader['read']): Reader => ({ bytes, read, field: (tensor) => tensor.int32Data })

const readers: Readonly<Record<number, Reader>> = {
  [FLOAT]: { bytes: 4, field: (tensor) => tensor.floatData, read: (view, at) => view.getFloat32(at, true) },
  [DOUBLE]: { bytes: 8, field: (tensor) => tensor.doubleData, read: (view, at) => view.getFloat64(at, true) },
  [FLOAT16]: { ...whole(2, (view, at) => halfToNumber(view.getUint16(at, true))), decode: halfToNumber },
  [BFLOAT16]: { ...whole(2, (view, at) => fromBfloat16(view.getUint16(at, true))), decode: fromBfloat16 },
  [BOOL]: whole(1, (view, at) => Number(view.getUint8(at) !== 0)),
  [INT8]: whole(1, (view, at) => view.getInt8(at)),
  [UINT8]: whole(1, (view, at) => view.getUint8(at)),
  [INT16]: whole(2, (view, at) => view.getInt16(at, true)),
  [UINT16]: whole(2, (view, at) => view.getUint16(at, true)),
  [INT32]: whole(4, (view, at) => view.getInt32(at, true)),
  [UINT32]: { bytes: 4, field: (tensor) => tensor.uint64Data, read: (view, at) => view.getUint32(at, true) },
  [INT64]: { bytes: 8, field: (tensor) => tensor.int64Data, read: (view, at) => Number(view.getBigInt64(at, true)) },
  [UINT64]: { bytes: 8, field: (tensor) => tensor.uint64Data, read: (view, at) => Number(view.getBigUint64(at, true)) },
}

/**
 * @param where the file, and the tensor or what holds it, for messages
 * @throws UserError if it is of another type, in another file, does not fill its shape, or holds NaN or what its type
 *   does not
 */
export function readTensor(tensor: TensorProto, where: string): Constant {
  const refuse = (what: string) => badFile(`${where} ${what}`)
  if (tensor.dataLocation === EXTERNAL || tensor.externalData.length > 0) {
    throw refuse('has its values in another file: save the model in one file (external data off), up to 2 GB')
  }
  const reader = readers[tensor.dataType]
  if (!reader) throw refuse(`is of type ${tensor.dataType}: only numbers of 8 to 64 bits and truth values are read`)
  const shape = tensor.dims.map(Number)
  const length = elementsOf(shape)
  if (shape.length > MAX_RANK || shape.some((size) => !(size >= 0)) || length > MAX_ELEMENTS) {
    throw refuse(`has the shape [${shape.slice(0, MAX_RANK)}], more than is read`)
  }
  const { rawData } = tensor
  const field = reader.field(tensor)
  const found = rawData.length > 0 ? rawData.length / reader.bytes : field.length
  if (found !== length) throw refuse(`of shape [${shape}] has ${found} values, not ${length}`)
  const integer = ranges[tensor.dataType] ?? false
  const data = integer || tensor.dataType === DOUBLE ? new Float64Array(length) : new Float32Array(length)
  const view = rawData.length > 0 ? new DataView(rawData.buffer, rawData.byteOffset, rawData.length) : undefined
  const decode = reader.decode ?? Number
  let infinite = false
  for (let i = 0; i < length; i++) {
    data[i] = view ? reader.read(view, i * reader.bytes) : decode(Number(field[i]))
    const fits = integer ? data[i] >= integer[0] && data[i] <= integer[1] : !Number.isNaN(data[i])
    if (!fits) throw refuse(`holds ${data[i]} at element ${i}`)
    infinite ||= !Number.isFinite(data[i])
  }
  return { shape, data, integer, ...(infinite && { infinite }) }
}

/** The upper half of a 32-bit float. */
function fromBfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint16(0, bits)
  return view.getFloat32(0)
}

/** To the nearest, ties to even. */
function toBfloat16(x: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, x)
  const bits = view.getUint32(0)
  return fromBfloat16(((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff)
}
