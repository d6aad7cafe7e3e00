/**
 * How large a tile of a product a workgroup computes, and how it is spread over threads.
 *
 * A thread holds a block of results in registers: one of 8 × 8 does 64 multiply-adds for 16 values that it reads from shared
 * memory, and takes 64 registers, which leaves a GPU enough threads to hide waiting. The tile as a whole decides how often
 * the factors are read from memory. So large tiles are fast, but they waste work where channels or rows do not fill them, and
 * leave multiprocessors idle where there are too few of them.
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

/** A product: so many channels × rows at so many places. */
export interface Extent {
  readonly channels: number
  readonly rows: number
  readonly places: number
}

export const threadsOf = ({ channels, rows, channelsOfThread, rowsOfThread }: Tile): number =>
  (channels / channelsOfThread) * (rows / rowsOfThread)

/** Bytes of shared memory: both factors of a step, with a little room in between against conflicts of banks. */
export const sharedBytes = ({ channels, rows, depth }: Tile): number => 4 * depth * (channels + 4 + rows + 4)

const tile = (
  [channels, rows]: readonly [number, number],
  [channelsOfThread, rowsOfThread]: readonly [number, number],
  depth: number,
): Tile => ({ channels, rows, channelsOfThread, rowsOfThread, depth })

const gatherTiles: readonly Tile[] = [
  tile([128, 128], [8, 8], 8),
  tile([64, 128], [8, 8], 8),
  tile([32, 128], [8, 8], 8),
  tile([64, 64], [4, 8], 8),
  tile([16, 128], [4, 8], 16),
  tile([32, 64], [4, 4], 8),
  tile([16, 64], [4, 4], 16),
  tile([16, 32], [4, 4], 16),
  tile([8, 128], [4, 4], 8),
  tile([4, 128], [4, 4], 8),
]

const weightTiles: readonly Tile[] = [
  tile([128, 64], [8, 8], 16),
  tile([64, 64], [8, 4], 16),
  tile([128, 32], [8, 4], 16),
  tile([64, 32], [4, 4], 16),
  tile([64, 16], [4, 4], 16),
  tile([32, 16], [4, 4], 16),
]

/** Threads that keep the 132 multiprocessors of an H200 busy. */
const BUSY = 65536

/** How many threads a product takes. */
const threads = (one: Tile, { channels, rows, places }: Extent): number =>
  Math.ceil(channels / one.channels) * Math.ceil(rows / one.rows) * places * threadsOf(one)

/** Share of a tile's work that is of use. */
const filled = (one: Tile, { channels, rows }: Extent): number =>
  (channels * rows) / (Math.ceil(channels / one.channels) * one.channels * Math.ceil(rows / one.rows) * one.rows)

/**
 * Speed of a full tile in parts of the fastest there could be: reads from shared memory and from memory take their time beside
 * each multiply-add. The two weights fit within a tenth what was measured on an H200: 39 TFLOP/s for the first tile, 36 and 25
 * for those of 64 and 16 channels, of 51 that the best library has.
 */
const speed = (one: Tile): number =>
  1 / (1 + 1.2 * (1 / one.channelsOfThread + 1 / one.rowsOfThread) + 8 * (1 / one.channels + 1 / one.rows))

const fits = (target: Target, one: Tile): boolean =>
  threadsOf(one) <= target.threads && sharedBytes(one) <= target.sharedMemory

/** The one of most worth; of equal ones the first. */
function best(target: Target, tiles: readonly Tile[], worth: (one: Tile) => number): Tile {
  const possible = tiles.filter((one) => fits(target, one))
  return possible.reduce((most, one) => (worth(one) > worth(most) ? one : most))
}

/** Steps of a tile that make a part of sums worthwhile. */
const FEWEST_STEPS = 8

/**
 * The tile of products at one place of an image after the other, or of a matrix product if there is but one place, and into how
 * many parts the sums are cut where there would be too few workgroups. @param extent `summands`: 1 if they are not to be cut
 */
export function gatherTile(
  target: Target,
  extent: Extent & { readonly summands: number },
): { readonly tile: Tile; readonly parts: number } {
  const most = (one: Tile) => Math.max(1, Math.floor(extent.summands / (FEWEST_STEPS * one.depth)))
  const tile = best(
    target,
    gatherTiles,
    (one) => speed(one) * filled(one, extent) * Math.min(1, (most(one) * threads(one, extent)) / BUSY),
  )
  return { tile, parts: Math.max(1, Math.min(most(tile), Math.round(BUSY / threads(tile, extent)))) }
}

/** The tile of a gradient by weights: taps and inputs are its channels, outputs its rows. */
export const weightTile = (target: Target, extent: Extent): Tile =>
  best(target, weightTiles, (one) => speed(one) * filled(one, extent))

/** Fours of summands that make a part worthwhile. */
const SHORTEST = 64
const MOST_PARTS = 1024

/** Into how many parts the sums of a gradient by weights are cut, so that there is work for all. @param depth fours of summands */
export const partsOf = (one: Tile, extent: Extent, depth: number): number =>
  Math.max(1, Math.min(Math.round(BUSY / threads(one, extent)), Math.floor(depth / SHORTEST), MOST_PARTS))
