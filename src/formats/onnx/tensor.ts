/** Constants of an ONNX model: checked against their shape, then decoded. */
import { UserError } from '../../errors.ts'
import { DOUBLE, EXTERNAL, FLOAT, INT32, INT64, type TensorProto } from './schema.ts'
import { MAX_ELEMENTS, MAX_RANK, elementsOf } from './shape.ts'

export interface Constant {
  readonly shape: readonly number[]
  /** Row-major, finite. Doubles and integers are held as 64-bit floats. */
  readonly data: Float32Array | Float64Array
  readonly integer: boolean
}

interface Reader {
  readonly bytes: number
  readonly array: new (length: number) => Float32Array | Float64Array
  readonly field: (tensor: TensorProto) => readonly unknown[]
  readonly read: (view: DataView, at: number) => number
}

const readers: Readonly<Record<number, Reader>> = {
  [FLOAT]: {
    bytes: 4,
    array: Float32Array,
    field: (tensor) => tensor.floatData,
    read: (view, at) => view.getFloat32(at, true),
  },
  [DOUBLE]: {
    bytes: 8,
    array: Float64Array,
    field: (tensor) => tensor.doubleData,
    read: (view, at) => view.getFloat64(at, true),
  },
  [INT32]: {
    bytes: 4,
    array: Float64Array,
    field: (tensor) => tensor.int32Data,
    read: (view, at) => view.getInt32(at, true),
  },
  [INT64]: {
    bytes: 8,
    array: Float64Array,
    field: (tensor) => tensor.int64Data,
    read: (view, at) => Number(view.getBigInt64(at, true)),
  },
}

/**
 * @param where the file, and the tensor or what holds it, for messages
 * @throws UserError if it is of another type, in another file, does not fill its shape, or holds NaN or infinity
 */
export function readTensor(tensor: TensorProto, where: string): Constant {
  const refuse = (what: string) => new UserError(`${where} ${what}`)
  if (tensor.dataLocation === EXTERNAL || tensor.externalData.length > 0) {
    throw refuse('has its values in another file: save the model in one file (external data off), up to 2 GB')
  }
  const reader = readers[tensor.dataType]
  if (!reader) throw refuse(`is of type ${tensor.dataType}: only float, double, int32 and int64 (1, 11, 6, 7) are read`)
  const shape = tensor.dims.map(Number)
  const length = elementsOf(shape)
  if (shape.length > MAX_RANK || shape.some((size) => !(size >= 0)) || length > MAX_ELEMENTS) {
    throw refuse(`has the shape [${shape.slice(0, MAX_RANK)}], more than is read`)
  }
  const { rawData } = tensor
  const field = reader.field(tensor)
  const found = rawData.length > 0 ? rawData.length / reader.bytes : field.length
  if (found !== length) throw refuse(`of shape [${shape}] has ${found} values, not ${length}`)
  const data = new reader.array(length)
  const view = rawData.length > 0 ? new DataView(rawData.buffer, rawData.byteOffset, rawData.length) : undefined
  for (let i = 0; i < length; i++) {
    data[i] = view ? reader.read(view, i * reader.bytes) : Number(field[i])
    if (!Number.isFinite(data[i])) throw refuse(`holds ${data[i]} at element ${i}`)
  }
  return { shape, data, integer: tensor.dataType === INT32 || tensor.dataType === INT64 }
}
