/**
 * How large a tile of a product a workgroup computes, and how it is spread over threads.
 *
 * A thread holds a block of results in registers: 8 × 8 does 64 multiply-adds for 16 values that it reads from shared memory,
 * and takes 64 registers, which leaves a GPU enough threads to hide waiting. Few channels make low blocks, so that no thread
 * computes channels that are not there. Small products take small tiles, since a GPU wants many workgroups: 132
 * multiprocessors are busy only with several hundred.
 */
import type { Target } from './plan.ts'

export interface Tile {
  /** Channels and rows of a workgroup, multiples of what a thread has. */
  readonly channels: number
  readonly rows: number
  /** Channels and rows of a thread, multiples of 4. */
  readonly channelsOfThread: number
  readonly rowsOfThread: number
  /** Summands that are staged in shared memory at once. */
  readonly depth: number
}

export const threadsOf = ({ channels, rows, channelsOfThread, rowsOfThread }: Tile): number =>
  (channels / channelsOfThread) * (rows / rowsOfThread)

/** Bytes of shared memory: both factors of a step, with a little room in between against conflicts of banks. */
export const sharedBytes = ({ channels, rows, depth }: Tile): number => 4 * depth * (channels + 4 + rows + 4)

const tile = (channels: number, rows: number, [channelsOfThread, rowsOfThread]: [number, number], depth = 8): Tile => ({
  ...{ channels, rows, channelsOfThread, rowsOfThread, depth },
})

/** From large to small: the first that fits is taken. */
const gatherTiles: readonly Tile[] = [
  tile(128, 128, [8, 8]),
  tile(64, 128, [8, 8]),
  tile(64, 64, [4, 8]),
  tile(32, 128, [8, 8]),
  tile(32, 64, [4, 4]),
  tile(16, 128, [4, 8]),
  tile(16, 64, [4, 4]),
  tile(16, 32, [4, 4], 16),
  tile(8, 128, [4, 4]),
  tile(4, 128, [4, 4]),
]

/** Workgroups that keep a large GPU busy. */
const BUSY = 256

export interface Extent {
  readonly channels: number
  readonly rows: number
  readonly places: number
}

/** How many workgroups a product takes. */
const workgroups = (tile: Tile, { channels, rows, places }: Extent): number =>
  Math.ceil(channels / tile.channels) * Math.ceil(rows / tile.rows) * places

/** Share of the work of a tile that is of use. */
const use = (tile: Tile, { channels, rows }: Extent): number =>
  (channels * rows) / (Math.ceil(channels / tile.channels) * tile.channels * Math.ceil(rows / tile.rows) * tile.rows)

/** The tile of a product at one place of an image after the other, or of a matrix product if there is but one place. */
export function gatherTile(target: Target, extent: Extent): Tile {
  const possible = gatherTiles.filter((one) => fits(target, one))
  const best = Math.max(...possible.map((one) => use(one, extent)))
  const good = possible.filter((one) => use(one, extent) >= 0.85 * best)
  return good.find((one) => workgroups(one, extent) >= BUSY) ?? good.at(-1)!
}

/** The tile of a gradient by weights: taps and inputs are its channels, outputs its rows. */
export function weightTile(target: Target, extent: Extent): Tile {
  const possible = weightTiles.filter((one) => fits(target, one))
  const best = Math.max(...possible.map((one) => use(one, extent)))
  return possible.find((one) => use(one, extent) >= 0.85 * best)!
}

const weightTiles: readonly Tile[] = [
  tile(64, 64, [8, 4], 16),
  tile(64, 32, [4, 4], 16),
  tile(64, 16, [4, 4], 16),
  tile(32, 16, [4, 4], 16),
]

const fits = (target: Target, one: Tile): boolean =>
  threadsOf(one) <= target.threads && sharedBytes(one) <= target.sharedMemory

/** Fours of summands that make a part worth while. */
const SHORTEST = 64

/** Into how many parts the sums of a gradient by weights are cut. */
export const partsOf = (one: Tile, extent: Extent, depth: number): number =>
  Math.max(1, Math.min(Math.ceil((2 * BUSY) / workgroups(one, extent)), Math.floor(depth / SHORTEST)))
