/** Operators whose every output is one of the inputs, or a fixed number: parts, copies and orders of a value. */
import type { Call, Operator } from './call.ts'
import { broadcastIndex, broadcastShapes, elementsOf, stridesOf, walk } from './shape.ts'
import { type Operand, isConstant } from './steps.ts'
import type { Constant } from './tensor.ts'

/** @param source the element of the operand that each output is; −1 for none, which makes it `fill` */
export function place(
  call: Call,
  operand: Operand,
  shape: readonly number[],
  source: (output: number) => number,
  fill = 0,
): Operand {
  if (isConstant(operand)) {
    return call.make(shape, operand, (o) => (source(o) < 0 ? fill : operand.data[source(o)]))
  }
  const size = elementsOf(shape)
  const terms = [{ value: operand.id, source, factor: () => 1 }]
  const shift = (o: number) => (source(o) < 0 ? fill : 0)
  return call.steps.add({ kind: 'selection', label: call.label, size, terms, shift }, shape, 3 * size)
}

/** Along every dimension, coordinate i of the result is coordinate `at(i)` of the operand; −1 for none. */
export function placeByAxis(
  call: Call,
  operand: Operand,
  axes: readonly { readonly size: number; readonly at: (coordinate: number) => number }[],
  fill = 0,
): Operand {
  const shape = axes.map(({ size }) => size)
  const [outer, inner] = [stridesOf(shape), stridesOf(operand.shape)]
  const moves = axes.some(({ size, at }, i) => {
    if (size !== operand.shape[i]) return true
    for (let k = 0; k < size; k++) if (at(k) !== k) return true
    return false
  })
  if (!moves) return operand
  const source = (o: number) => {
    let place = 0
    for (let i = 0; i < shape.length; i++) {
      const coordinate = axes[i].at(Math.floor(o / outer[i]) % shape[i])
      if (coordinate < 0) return -1
      place += coordinate * inner[i]
    }
    return place
  }
  return place(call, operand, shape, source, fill)
}

const whole = (size: number) => ({ size, at: (coordinate: number) => coordinate })

export const slice: Operator = (call) => {
  const operand = call.operand(0)
  const { shape } = operand
  const old = call.opset < 10
  const lists = old
    ? ['starts', 'ends', 'axes'].map((name) => call.list(name))
    : [1, 2, 3, 4].map((i) => call.wholeNumbers(i))
  const [starts = [], ends = [], axes = starts.map((_, i) => i), steps = starts.map(() => 1)] = lists
  const named = axes.map((axis) => call.axis(axis, shape.length))
  const fits = [ends, axes, steps].every(({ length }) => length === starts.length)
  if (!fits || new Set(named).size < named.length || steps.includes(0)) {
    throw call.refuse(`has starts [${starts}], ends [${ends}], axes [${axes}] and steps [${steps}], which do not fit`)
  }
  const parts = shape.map(whole)
  named.forEach((axis, i) => {
    const [size, step] = [shape[axis], steps[i]]
    const clamp = (end: number, least: number, most: number) =>
      Math.min(most, Math.max(least, end < 0 ? end + size : end))
    const start = step > 0 ? clamp(starts[i], 0, size) : clamp(starts[i], 0, size - 1)
    const end = step > 0 ? clamp(ends[i], 0, size) : clamp(ends[i], -1, size - 1)
    parts[axis] = { size: Math.max(0, Math.ceil((end - start) / step)), at: (k) => start + k * step }
  })
  return placeByAxis(call, operand, parts)
}

export const split: Operator = (call) => {
  const operand = call.operand(0)
  const { shape } = operand
  const axis = call.axis(call.wholeNumber('axis', 0), shape.length)
  const count = call.node.output.length
  const given = call.opset < 13 ? call.list('split') : call.wholeNumbers(1)
  const parts = call.opset < 18 ? count : call.wholeNumber('num_outputs', count)
  const sizes = given ?? equalParts(call, shape[axis], parts)
  const sum = sizes.reduce((a, b) => a + b, 0)
  if (sizes.length !== count || sum !== shape[axis] || sizes.some((size) => size < 0)) {
    throw call.refuse(`splits ${shape[axis]} into [${sizes}] for ${count} outputs`)
  }
  let end = 0
  return sizes.map((size) => {
    const begin = end
    end += size
    return placeByAxis(
      call,
      isConstant(operand) ? operand : { ...operand, single: false },
      shape.map((whole, i) => ({ size: i === axis ? size : whole, at: (k) => (i === axis ? begin + k : k) })),
    )
  })
}

/** The last one may be smaller where the operator knows their number. */
function equalParts(call: Call, size: number, count: number): number[] {
  if (size % count && !call.has('num_outputs'))
    throw call.refuse(`splits ${size} into ${count} parts that are not equal`)
  const part = Math.ceil(size / count)
  return Array.from({ length: count }, (_, i) => Math.min(part, size - i * part))
}

/** Indices along one axis of a value. */
function indicesOf(call: Call): Constant {
  const indices = call.constant(1)
  if (!indices.integer) throw call.refuse('needs whole numbers as indices')
  return indices
}

export const gather: Operator = (call) => {
  const operand = call.operand(0)
  const { data, shape } = indicesOf(call)
  const axis = call.axis(call.wholeNumber('axis', 0), operand.shape.length)
  const size = operand.shape[axis]
  const at = Array.from(data, (index) => call.axis(index, size))
  const [before, after] = [operand.shape.slice(0, axis), operand.shape.slice(axis + 1)]
  const parts = operand.shape.map((own, i) => (i === axis ? { size: at.length, at: (k: number) => at[k] } : whole(own)))
  return call.relabel(placeByAxis(call, operand, parts), [...before, ...shape, ...after])
}

/** Output [i][j]… is the value at [i][index]…, or so along another axis. */
export const gatherElements: Operator = (call) => {
  const operand = call.operand(0)
  const { data, shape } = indicesOf(call)
  const axis = call.axis(call.wholeNumber('axis', 0), operand.shape.length)
  const fits = shape.every((size, i) => i === axis || size <= operand.shape[i])
  if (shape.length !== operand.shape.length || !fits) {
    throw call.refuse(`has indices of [${shape}] for a value of [${operand.shape}]`)
  }
  const at = Array.from(data, (index) => call.axis(index, operand.shape[axis]))
  const strides = stridesOf(operand.shape)
  const others = walk(
    shape,
    strides.map((stride, i) => (i === axis ? 0 : stride)),
  )
  return place(call, operand, shape, (o) => others(o) + at[o] * strides[axis])
}

/** The last dimension of the indices has coordinates of the value. */
export const gatherND: Operator = (call) => {
  const operand = call.operand(0)
  const { data, shape } = indicesOf(call)
  const depth = shape.at(-1) ?? 0
  const batch = call.opset < 12 ? 0 : call.wholeNumber('batch_dims', 0)
  if (batch !== 0) throw call.refuse('has batch_dims: that is not supported')
  if (!(depth >= 1 && depth <= operand.shape.length)) {
    throw call.refuse(`has indices of [${shape}] for a value of [${operand.shape}]`)
  }
  const strides = stridesOf(operand.shape)
  const begins = Array.from({ length: data.length / depth }, (_, k) => {
    const index = [...data.subarray(k * depth, (k + 1) * depth)]
    return index.reduce((sum, c, i) => sum + call.axis(c, operand.shape[i]) * strides[i], 0)
  })
  const rest = operand.shape.slice(depth)
  const width = elementsOf(rest)
  return place(call, operand, [...shape.slice(0, -1), ...rest], (o) => begins[Math.floor(o / width)] + (o % width))
}

export const expand: Operator = (call) => {
  const operand = call.operand(0)
  const target = call.wholeNumbers(1) ?? []
  const shape = broadcastShapes(operand.shape, target)
  if (!shape) throw call.refuse(`expands [${operand.shape}] to [${target}]: the shapes do not fit`)
  if (elementsOf(shape) === elementsOf(operand.shape)) return call.relabel(operand, shape)
  return place(call, operand, shape, broadcastIndex(operand.shape, shape))
}

export const tile: Operator = (call) => {
  const operand = call.operand(0)
  const repeats = call.wholeNumbers(1) ?? []
  if (repeats.length !== operand.shape.length || repeats.some((n) => n < 0)) {
    throw call.refuse(`repeats [${operand.shape}] by [${repeats}]`)
  }
  return placeByAxis(
    call,
    operand,
    operand.shape.map((size, i) => ({ size: size * repeats[i], at: (k) => k % size })),
  )
}

/** Blocks of channels become blocks of pixels. */
export const depthToSpace: Operator = (call) => {
  const mode = call.text('mode', 'DCR')
  if (mode !== 'DCR' && mode !== 'CRD') throw call.refuse(`has mode '${mode}', which is not known`)
  const { block, height, width, channels } = blocksOf(call)
  const depth = channels / block ** 2
  if (!Number.isInteger(depth)) throw call.refuse(`has blocks of ${block} × ${block} for ${channels} channels`)
  const ofChannel = (c: number, y: number, x: number) => {
    const part = (y % block) * block + (x % block)
    return mode === 'DCR' ? part * depth + c : c * block ** 2 + part
  }
  const shape = [1, depth, height * block, width * block]
  const from = ([c, y, x]: number[]) => [ofChannel(c, y, x), Math.floor(y / block), Math.floor(x / block)]
  return byPixel(call, shape, from)
}

/** Blocks of pixels become blocks of channels. */
export const spaceToDepth: Operator = (call) => {
  const { block, height, width, channels } = blocksOf(call)
  const shape = [1, channels * block ** 2, height / block, width / block]
  if (!shape.every(Number.isInteger)) throw call.refuse(`has blocks of ${block} × ${block} for [${height},${width}]`)
  return byPixel(call, shape, ([c, y, x]) => {
    const part = Math.floor(c / channels)
    return [c % channels, y * block + Math.floor(part / block), x * block + (part % block)]
  })
}

function blocksOf(call: Call): { block: number; channels: number; height: number; width: number } {
  const { shape } = call.operand(0)
  const block = call.wholeNumber('blocksize', Number.NaN)
  if (shape.length !== 4 || shape[0] !== 1 || !(block >= 1)) {
    throw call.refuse(`has blocks of ${block} for a value of [${shape}]`)
  }
  const [, channels, height, width] = shape
  return { block, channels, height, width }
}

/** @param from channel, row and column of the operand, from those of the output */
function byPixel(call: Call, shape: readonly number[], from: (at: number[]) => number[]): Operand {
  const operand = call.operand(0)
  const strides = stridesOf(operand.shape)
  const own = stridesOf(shape)
  return place(call, operand, shape, (o) => {
    const at = [1, 2, 3].map((i) => Math.floor(o / own[i]) % shape[i])
    return from(at).reduce((sum, c, i) => sum + c * strides[i + 1], 0)
  })
}
