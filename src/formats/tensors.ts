/** What files of tensors hold, whatever their format: numbers as they are stored, 64-bit floats included. */
import { UserError } from '../base/errors.ts'

export interface Tensor {
  /** A number (of rank 0) has the shape []. */
  readonly shape: readonly number[]
  /** Row-major. 64-bit floats only if a 32-bit float cannot hold some value. */
  readonly data: Float32Array | Float64Array
}

export interface TensorFile {
  readonly metadata: Record<string, string>
  /** By name. */
  readonly tensors: Map<string, Tensor>
  /** Whether they are in the order in which the network defines them; else in any. */
  readonly inOrder?: true
  /** Names of arrays of integers or truth values. These are counters and the like, not weights. */
  readonly integers?: ReadonlySet<string>
}

/** How one value of a type of floats is read. */
export interface FloatType {
  readonly bytes: number
  readonly read: (view: DataView, at: number, littleEndian: boolean) => number
}

export const float64: FloatType = { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) }
export const float32: FloatType = { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) }
export const float16: FloatType = { bytes: 2, read: (view, at, little) => halfToNumber(view.getUint16(at, little)) }
export const bfloat16: FloatType = {
  bytes: 2,
  // the upper half of a 32-bit float
  read: (view, at, little) => {
    scratch.setUint16(0, view.getUint16(at, little))
    return scratch.getFloat32(0)
  },
}
const scratch = new DataView(new ArrayBuffer(8))

/** @param where the first value lies @returns exactly what is stored, as 32-bit floats if that is possible */
export function readFloats(
  view: DataView,
  where: number,
  length: number,
  { bytes, read }: FloatType,
  littleEndian: boolean,
): Tensor['data'] {
  const values = bytes === 8 ? new Float64Array(length) : new Float32Array(length)
  for (let i = 0; i < length; i++) values[i] = read(view, where + i * bytes, littleEndian)
  return narrowest(values)
}

/** As 32-bit floats if these can hold them. */
export const narrowest = (values: Tensor['data']): Tensor['data'] =>
  values instanceof Float64Array && values.every(isFloat32) ? Float32Array.from(values) : values

const isFloat32 = (value: number) => Object.is(Math.fround(value), value)

/** @throws UserError saying where the tensor is if a value is NaN or infinite */
export function requireFinite(values: Tensor['data'], name: string, where: string): void {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new UserError(`${where}: tensor '${name}' holds ${values[bad]} at element ${bad}`)
}

/** The number that 16 bits stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}

/** The nearest number of 16 bits, ties to even; ±∞ for what is too large. */
export function roundToHalf(x: number): number {
  scratch.setFloat64(0, x)
  const exponent = ((scratch.getUint16(0) >>> 4) & 0x7ff) - 1023
  // the distance between neighbours near x
  const step = 2 ** (Math.max(exponent, -14) - 10)
  const steps = Math.abs(x) / step
  const below = Math.floor(steps)
  const rounded = (steps - below === 0.5 ? below + (below % 2) : Math.round(steps)) * step
  return (rounded > 65504 ? Infinity : rounded) * (Object.is(x, -0) || x < 0 ? -1 : 1)
}
