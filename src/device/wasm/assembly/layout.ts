/**
 * How the kernels see a layer, its neurons and its rows: three structs of i32, written by src/device/wasm/geometry.ts and windows.ts.
 *
 * Geometry of an affine layer; a linear layer is a 1 × 1 convolution of a 1 × 1 image:
 *   [inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, kernel, stride, padding, groups]
 * Block: the rows that share one window. Values lie [channel][y][x][row] from `offset` on, inside the window only:
 *   [y, x, height, width, rows, offset in bytes, index of its first row among all rows]
 * Active neurons of a value: [pointer to the count per position, pointer to channels[position][]].
 */
import { Integers } from './pointers'

@unmanaged
export class Geometry {
  inChannels: i32
  inHeight: i32
  inWidth: i32
  outChannels: i32
  outHeight: i32
  outWidth: i32
  kernel: i32
  stride: i32
  padding: i32
  groups: i32
}

@unmanaged
export class Block {
  y: i32
  x: i32
  height: i32
  width: i32
  rows: i32
  offset: u32
  firstRow: i32
}

@unmanaged
export class Active {
  counts: Integers
  channels: Integers
}

/** The i-th block of an array of blocks. */
@inline
export function blockAt(blocks: usize, i: i32): Block {
  return changetype<Block>(blocks + <usize>i * offsetof<Block>())
}

/** First active channel of a position; `channels` lists have one place per channel. */
@inline
export function channelsAt(active: Active, position: i32, channels: i32): usize {
  return <usize>active.channels + ((<usize>(position * channels)) << 2)
}

/** How many of a position's active channels, which ascend, come before `channel`. */
@inline
export function countBefore(channels: usize, count: i32, channel: i32): i32 {
  let low = 0, high = channel == 0 ? 0 : count
  while (low < high) {
    const middle = (low + high) >> 1
    if (load<i32>(channels + ((<usize>middle) << 2)) < channel) low = middle + 1
    else high = middle
  }
  return low
}

@inline
export function countAt(active: Active, position: i32): i32 {
  return load<i32>(<usize>active.counts + ((<usize>position) << 2))
}
