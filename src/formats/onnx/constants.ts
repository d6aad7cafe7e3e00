/** Operators on constants alone: arithmetic of shapes, conditions and quantised weights. */
import type { Call, Operator } from './call.ts'
import { LongSum } from './long-sum.ts'
import { INT64, BOOL } from './schema.ts'
import { broadcastIndex, broadcastShapes, elementsOf } from './shape.ts'
import { type Constant, ranges } from './tensor.ts'

/** The type of a condition. */
export const truth = { shape: [], data: new Float64Array(), integer: ranges[BOOL] } as const
const counts = { shape: [], data: new Float64Array(), integer: ranges[INT64] } as const

/** Two constants, broadcast. Whole numbers must be so small that float64 holds them all. */
export function elementwise(
  call: Call,
  a: Constant,
  b: Constant,
  compute: (a: number, b: number) => number,
  like: Constant = a,
  error?: number | (() => number),
): Constant {
  const shape = broadcastShapes(a.shape, b.shape)
  if (!shape) throw call.refuse(`combines [${a.shape}] and [${b.shape}]: the shapes do not fit`)
  const [fromA, fromB] = [broadcastIndex(a.shape, shape), broadcastIndex(b.shape, shape)]
  const exact = (x: number) => {
    if (a.integer && !Number.isSafeInteger(x)) throw call.refuse(`computes with ${x}: that is too large to be exact`)
    return x
  }
  return call.make(shape, like, (i) => exact(compute(exact(a.data[fromA(i)]), exact(b.data[fromB(i)]))), error)
}

const both = (compute: (a: number, b: number) => number, like?: Constant): Operator => {
  return (call) => {
    const [a, b] = [call.constant(0), call.constant(1)]
    return elementwise(call, a, b, compute, like, a.integer || like ? 0 : call.rounded(4))
  }
}

const holds = (test: (a: number, b: number) => boolean) => both((a, b) => Number(test(a, b)), truth)

export const equal = holds((a, b) => a === b)
export const and = holds((a, b) => a !== 0 && b !== 0)
export const or = holds((a, b) => a !== 0 || b !== 0)
export const xor = holds((a, b) => a !== b)
export const pow = both((a, b) => a ** b)

/** The remainder has the sign of the divisor, or with fmod = 1 of what is divided. */
export const mod: Operator = (call) => {
  const like = call.wholeNumber('fmod', 0) !== 0
  return both((a, b) => (like ? a % b : a - b * Math.floor(a / b)))(call)
}

/** A constant of the type of `value`, in the shape that the input names. */
export const constantOfShape: Operator = (call) => {
  const zero: Constant = { shape: [1], data: new Float32Array(1), integer: false }
  const value = call.has('value') ? call.tensor('value') : zero
  if (value.data.length !== 1 || value.infinite) throw call.refuse(`needs one finite number as its value`)
  const shape = call.wholeNumbers(0)!
  if (shape.some((size) => size < 0)) throw call.refuse(`makes a constant of [${shape}]`)
  return call.make(shape, value, () => value.data[0])
}

export const range: Operator = (call) => {
  const [start, limit, step] = [0, 1, 2].map((i) => call.constant(i).data[0])
  const length = Math.max(0, Math.ceil((limit - start) / step))
  const first = call.constant(0)
  const exactly = new LongSum()
  const element = (i: number) => {
    exactly.start(start).add(i, step, 0)
    return exactly.value
  }
  return call.make([length], first, element, first.integer ? 0 : call.rounded(1))
}

export const size: Operator = (call) => call.make([], counts, () => elementsOf(call.operand(0).shape))

/** Product over dimensions. */
export const reduceProd: Operator = (call) => {
  const { data, shape } = call.constant(0)
  const axes = call.opset < 18 ? call.list('axes') : call.wholeNumbers(1)
  if (shape.length > 1 || (axes && axes.length !== shape.length)) throw call.refuse('is supported for whole lists only')
  const kept = call.wholeNumber('keepdims', 1) !== 0 ? shape.map(() => 1) : []
  return call.make(kept, call.constant(0), () => elementsOf([...data]))
}

/** (x − zero point) · scale, along an axis or for all alike. */
export const dequantizeLinear: Operator = (call) => {
  const [x, scale] = [call.constant(0), call.constant(1)]
  const zero = call.input(2) ? call.constant(2) : undefined
  const blocks = call.opset < 21 ? 0 : call.wholeNumber('block_size', 0)
  if (blocks !== 0) throw call.refuse('has blocks: that is not supported')
  const axis = call.wholeNumber('axis', 1)
  const single = scale.data.length === 1 && scale.shape.length < 2
  const along = single ? 0 : call.axis(axis, x.shape.length)
  const fits = single || (scale.shape.length === 1 && scale.shape[0] === x.shape[along])
  if (!x.integer || !fits || (zero && zero.data.length !== scale.data.length)) {
    throw call.refuse(`has a scale of [${scale.shape}] and a zero point of [${zero?.shape}] for [${x.shape}]`)
  }
  const inner = elementsOf(x.shape.slice(along + 1))
  const at = (i: number) => (single ? 0 : Math.floor(i / inner) % x.shape[along])
  const like = { shape: [], data: new Float64Array(), integer: false } as const
  return call.make(
    x.shape,
    like,
    (i) => (x.data[i] - (zero?.data[at(i)] ?? 0)) * scale.data[at(i)],
    call.inputError + 1,
  )
}

/** Ties to even. */
export const roundEven = (x: number): number => {
  const up = Math.round(x)
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up
}
