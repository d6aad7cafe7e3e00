/** Random rows and windows of layers, and what their tests share. */
import type { Random } from '../../base/random.ts'
import type { Shape } from '../../model/layers.ts'
import { batchOf } from './batch.ts'
import { padded } from './extents.ts'
import { type RowSet, rowCount } from './rows.ts'
import { type Window, wholeLayer } from './windows.ts'

export const pick = <T>(random: Random, ...choices: T[]): T => choices[random.integer(choices.length)]

/** Normal numbers, some of them zero. */
export const normals = (random: Random, length: number): Float32Array =>
  Float32Array.from({ length }, () => (random.integer(8) === 0 ? 0 : random.normal()))

/** Labels of a batch, with padding. */
export const randomLabels = (random: Random, stride: number, classes: number): Uint32Array =>
  Uint32Array.from({ length: stride }, () => random.integer(classes))

export interface WindowCase {
  /** Of the layer that the windows are of. */
  readonly shape: Shape
  readonly window: Window
  readonly rows: RowSet
}

/** A whole layer, or windows that overlap, leave gaps, and reach over the borders. */
export function randomWindows(random: Random): WindowCase {
  const size = () => 1 + random.integer(5)
  const shape = { channels: size(), height: size(), width: size() }
  const [batch, each] = [batchOf(1 + random.integer(5)), padded(pick(random, 1, 4, 10, 13))]
  if (random.integer(3) === 0) return { shape, window: wholeLayer(shape), rows: { batch, positions: 1, each } }
  const across = 1 + random.integer(3)
  const window = { height: size(), width: size(), stride: 1 + random.integer(2), offset: random.integer(3), across }
  return { shape, window, rows: { batch, positions: across * (1 + random.integer(3)), each } }
}

export interface Place {
  /** Index of the value, [channel][wy][wx][row]. */
  readonly at: number
  readonly row: number
  readonly example: number
  readonly channel: number
  /** Index in the layer; −1 outside of it. */
  readonly neuron: number
}

/** Every value of rows over a window. */
export function eachPlace({ shape, window, rows }: WindowCase, visit: (place: Place) => void): void {
  const all = rowCount(rows)
  const { height, width, stride, offset, across } = window
  for (let row = 0; row < all; row++) {
    const unit = Math.floor(row / rows.each)
    const [example, position] = [unit % rows.batch.size, Math.floor(unit / rows.batch.size)]
    for (let n = 0; n < shape.channels * height * width; n++) {
      const channel = Math.floor(n / (height * width))
      const y = Math.floor(position / across) * stride - offset + (Math.floor(n / width) % height)
      const x = (position % across) * stride - offset + (n % width)
      const isInside = y >= 0 && y < shape.height && x >= 0 && x < shape.width
      const neuron = isInside ? (channel * shape.height + y) * shape.width + x : -1
      visit({ at: n * all + row, row, example, channel, neuron })
    }
  }
}
