/** Writes the structs of src/device/wasm/assembly/layout.ts: geometry of layers, blocks of rows, lists of active neurons. */
import type { Engine } from './engine.ts'
import type { Blocks as BlocksPointer, Floats, Integers, Pointer } from './pointers.ts'

/** Channels × height × width of a value. */
export interface Extent {
  readonly channels: number
  readonly height: number
  readonly width: number
}

export interface GeometryOptions {
  readonly kernel: number
  readonly stride: number
  readonly padding: number
}

/** An affine layer as the kernels see it: a convolution, or a linear layer as a 1 × 1 one. */
export interface Geometry {
  readonly pointer: Pointer<'Geometry'>
  readonly input: Extent
  readonly output: Extent
  readonly options: GeometryOptions
  /** Scratch memory for the lists of `propagate`. */
  readonly scratch: Integers
}

const area = (extent: Extent) => extent.height * extent.width
export const lengthOf = (extent: Extent): number => extent.channels * area(extent)

export function createGeometry(engine: Engine, input: Extent, output: Extent, options: GeometryOptions): Geometry {
  const { kernel, stride } = options
  const pointer = engine.struct('Geometry', {
    inChannels: input.channels,
    inHeight: input.height,
    inWidth: input.width,
    outChannels: output.channels,
    outHeight: output.height,
    outWidth: output.width,
    ...options,
  })
  const taps = Math.ceil(kernel / stride) ** 2
  const forwards = input.channels * kernel * kernel + output.channels
  const backwards =
    input.channels * stride * stride + output.channels * Math.max(taps, kernel % stride ? kernel ** 2 : 0)
  const scratch = engine.integers((Math.max(forwards, backwards) + 8) * 2)
  return { pointer, input, output, options, scratch }
}

const BLOCK_FIELDS = 7

const roomForBlocks = (engine: Engine, count: number) =>
  engine.integers(count * BLOCK_FIELDS) as number as BlocksPointer
const blocksFrom = (engine: Engine, fields: readonly number[]) => engine.integersFrom(fields) as number as BlocksPointer

/** Blocks of rows, each with its window. All windows are whole images, or each is the receptive field of one position. */
export interface Blocks {
  readonly pointer: BlocksPointer
  readonly count: number
  readonly extent: Extent
  /** Number of floats of a value laid out in these blocks. */
  readonly length: number
}

/** One block whose window is the whole image. */
export function wholeBlock(engine: Engine, extent: Extent, rows: number): Blocks {
  const pointer = blocksFrom(engine, [0, 0, extent.height, extent.width, rows, 0, 0])
  return { pointer, count: 1, extent, length: lengthOf(extent) * rows }
}

/** One block per position of an output, `rows[i]` rows at `positions[i]`, with the window of that single position. */
export function positionBlocks(engine: Engine, extent: Extent, positions: Int32Array, rows: Int32Array): Blocks {
  let length = 0
  let firstRow = 0
  const fields: number[] = []
  for (let i = 0; i < positions.length; i++) {
    const y = Math.floor(positions[i] / extent.width)
    const x = positions[i] % extent.width
    fields.push(y, x, 1, 1, rows[i], length * 4, firstRow)
    length += extent.channels * rows[i]
    firstRow += rows[i]
  }
  return { pointer: blocksFrom(engine, fields), count: positions.length, extent, length }
}

/** The blocks on the input side of a layer: each window becomes its receptive field. */
export function receptiveBlocks(engine: Engine, above: Blocks, geometry: Geometry): Blocks {
  const { input, options } = geometry
  const pointer = roomForBlocks(engine, above.count)
  const fields = engine.i32
  let length = 0
  for (let b = 0; b < above.count; b++) {
    const from = (above.pointer >> 2) + b * BLOCK_FIELDS
    const to = (pointer >> 2) + b * BLOCK_FIELDS
    const rows = fields[from + 4]
    const [y, height] = receptiveRange(fields[from], fields[from + 2], input.height, options)
    const [x, width] = receptiveRange(fields[from + 1], fields[from + 3], input.width, options)
    fields[to] = y
    fields[to + 1] = x
    fields[to + 2] = height
    fields[to + 3] = width
    fields[to + 4] = rows
    fields[to + 5] = length * 4
    fields[to + 6] = fields[from + 6]
    length += input.channels * height * width * rows
  }
  return { pointer, count: above.count, extent: input, length }
}

/** The smallest windows that hold those of both, block by block. */
export function coveringBlocks(engine: Engine, a: Blocks, b: Blocks): Blocks {
  const pointer = roomForBlocks(engine, a.count)
  const fields = engine.i32
  let length = 0
  for (let i = 0; i < a.count; i++) {
    const [first, second, to] = [a.pointer, b.pointer, pointer].map((base) => (base >> 2) + i * BLOCK_FIELDS) as Three
    const rows = fields[first + 4]
    for (const axis of [0, 1]) {
      const windows = [first, second].map((at) => ({ start: fields[at + axis], count: fields[at + 2 + axis] }))
      const seen = windows.filter(({ count }) => count > 0)
      const start = seen.length ? Math.min(...seen.map((window) => window.start)) : 0
      fields[to + axis] = start
      fields[to + 2 + axis] = Math.max(0, ...seen.map((window) => window.start + window.count - start))
    }
    fields[to + 4] = rows
    fields[to + 5] = length * 4
    fields[to + 6] = fields[first + 6]
    length += a.extent.channels * fields[to + 2] * fields[to + 3] * rows
  }
  return { pointer, count: a.count, extent: a.extent, length }
}
type Three = [number, number, number]

/** First index and count; a window that sees nothing but padding is empty. */
function receptiveRange(first: number, count: number, size: number, g: GeometryOptions): [number, number] {
  if (count === 0) return [0, 0]
  const start = Math.max(0, first * g.stride - g.padding)
  const end = Math.min(size, (first + count - 1) * g.stride - g.padding + g.kernel)
  return end > start ? [start, end - start] : [0, 0]
}

/** The same values seen as `extent` instead: a flatten, backwards. Windows must be whole, or empty. */
export function reshapeBlocks(engine: Engine, blocks: Blocks, extent: Extent): Blocks {
  const { channels, height, width } = blocks.extent
  if (channels === extent.channels && height === extent.height && width === extent.width) return blocks
  const pointer = roomForBlocks(engine, blocks.count)
  const fields = engine.i32
  for (let b = 0; b < blocks.count; b++) {
    const from = (blocks.pointer >> 2) + b * BLOCK_FIELDS
    const to = (pointer >> 2) + b * BLOCK_FIELDS
    // a window that sees nothing but padding stays empty
    const isEmpty = fields[from + 2] === 0 || fields[from + 3] === 0
    const window = isEmpty ? [0, 0, 0, 0] : [0, 0, extent.height, extent.width]
    fields.set([...window, fields[from + 4], fields[from + 5], fields[from + 6]], to)
  }
  return { pointer, count: blocks.count, extent, length: blocks.length }
}

/** A list of neurons, position by position. */
export type NeuronList = Pointer<'Active'>

/**
 * Lists the neurons whose value, such as a slope, is not zero, per position.
 * @param columns of values [neuron][column], 1 or a multiple of 4: listed is what is not zero in all of them
 */
export function activeNeurons(engine: Engine, extent: Extent, values: Floats, columns = 1): NeuronList {
  const counts = engine.integers(area(extent))
  const channels = engine.integers(lengthOf(extent))
  engine.kernels.listActive(extent.channels, area(extent), columns, values, counts, channels)
  return engine.struct('Active', { counts, channels })
}

/** Lists every neuron. */
export function allNeurons(engine: Engine, extent: Extent): NeuronList {
  const counts = engine.integersFrom(new Int32Array(area(extent)).fill(extent.channels))
  const channels = engine.integersFrom(Int32Array.from({ length: lengthOf(extent) }, (_, i) => i % extent.channels))
  return engine.struct('Active', { counts, channels })
}
