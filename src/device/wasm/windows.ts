/** Writes blocks of rows with their windows, the structs `Block` of assembly/layout.ts. */
import type { Geometry, GeometryOptions } from '../device.ts'
import type { Blocks, Windows } from '../rows.ts'
import { type Shape, sizeOf } from '../../model/layers.ts'
import type { Arena } from './arena.ts'
import { type ArenaBlocks, blocksOf } from './handles.ts'
import type { Blocks as BlocksPointer } from './pointers.ts'

/** Fields of a block: y, x, height, width, rows, offset in bytes, index of its first row among all rows. */
const FIELDS = 7

export class ArenaWindows implements Windows {
  readonly #arena: Arena

  constructor(arena: Arena) {
    this.#arena = arena
  }

  whole(shape: Shape, rows: number): ArenaBlocks {
    return this.#from([0, 0, shape.height, shape.width, rows, 0, 0], shape, sizeOf(shape) * rows)
  }

  positions(shape: Shape, positions: Int32Array, rows: Int32Array): ArenaBlocks {
    let length = 0
    let firstRow = 0
    const fields: number[] = []
    for (let i = 0; i < positions.length; i++) {
      const y = Math.floor(positions[i] / shape.width)
      const x = positions[i] % shape.width
      fields.push(y, x, 1, 1, rows[i], length * 4, firstRow)
      length += shape.channels * rows[i]
      firstRow += rows[i]
    }
    return this.#from(fields, shape, length)
  }

  receptive(above: Blocks, { input, options }: Geometry): ArenaBlocks {
    const pointer = this.#room(above.count)
    const fields = this.#arena.i32
    let length = 0
    for (let b = 0; b < above.count; b++) {
      const from = (blocksOf(above) >> 2) + b * FIELDS
      const to = (pointer >> 2) + b * FIELDS
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
    return { pointer, count: above.count, shape: input, length }
  }

  covering(a: Blocks, b: Blocks): ArenaBlocks {
    const pointer = this.#room(a.count)
    const fields = this.#arena.i32
    let length = 0
    for (let i = 0; i < a.count; i++) {
      const [first, second, to] = [blocksOf(a), blocksOf(b), pointer].map((base) => (base >> 2) + i * FIELDS) as Three
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
      length += a.shape.channels * fields[to + 2] * fields[to + 3] * rows
    }
    return { pointer, count: a.count, shape: a.shape, length }
  }

  reshaped(blocks: Blocks, shape: Shape): Blocks {
    const { channels, height, width } = blocks.shape
    if (channels === shape.channels && height === shape.height && width === shape.width) return blocks
    const pointer = this.#room(blocks.count)
    const fields = this.#arena.i32
    for (let b = 0; b < blocks.count; b++) {
      const from = (blocksOf(blocks) >> 2) + b * FIELDS
      const to = (pointer >> 2) + b * FIELDS
      // a window that sees nothing but padding stays empty
      const isEmpty = fields[from + 2] === 0 || fields[from + 3] === 0
      const window = isEmpty ? [0, 0, 0, 0] : [0, 0, shape.height, shape.width]
      fields.set([...window, fields[from + 4], fields[from + 5], fields[from + 6]], to)
    }
    const { count, length } = blocks
    return { pointer, count, shape, length } as ArenaBlocks
  }

  #room(count: number): BlocksPointer {
    return this.#arena.integers(count * FIELDS) as number as BlocksPointer
  }

  #from(fields: readonly number[], shape: Shape, length: number): ArenaBlocks {
    const pointer = this.#arena.integersFrom(fields) as number as BlocksPointer
    return { pointer, count: fields.length / FIELDS, shape, length }
  }
}

type Three = [number, number, number]

/** First index and count; a window that sees nothing but padding is empty. */
function receptiveRange(first: number, count: number, size: number, g: GeometryOptions): [number, number] {
  if (count === 0) return [0, 0]
  const start = Math.max(0, first * g.stride - g.padding)
  const end = Math.min(size, (first + count - 1) * g.stride - g.padding + g.kernel)
  return end > start ? [start, end - start] : [0, 0]
}
