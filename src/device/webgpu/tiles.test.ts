import { expect, test } from 'vitest'
import { anyGpu } from './plan.ts'
import { gatherTile, partsOf, sharedBytes, threadsOf, weightTile } from './tiles.ts'

const numbers = [1, 3, 10, 16, 32, 64, 100, 512, 4096]
const places = [1, 49, 1024]
const extents = numbers.flatMap((channels) =>
  numbers.flatMap((n) => places.map((count) => ({ channels, rows: 4 * n, places: count }))),
)
const workgroups = (one: { channels: number; rows: number }, { channels, rows, places }: (typeof extents)[number]) =>
  Math.ceil(channels / one.channels) * Math.ceil(rows / one.rows) * places

test.each([
  ['any GPU', anyGpu],
  ['one of few threads', { ...anyGpu, threads: 64 }],
  ['one of little memory', { ...anyGpu, sharedMemory: 8192 }],
])('tiles fit %s, and their loads its threads', (_, target) => {
  for (const extent of extents) {
    for (const tile of [gatherTile(target, { ...extent, summands: 64 }).tile, weightTile(target, extent)]) {
      expect(threadsOf(tile)).toBeLessThanOrEqual(target.threads)
      expect(sharedBytes(tile)).toBeLessThanOrEqual(target.sharedMemory)
      expect(tile.channelsOfThread % 4).toBe(0)
      expect(tile.rowsOfThread % 4).toBe(0)
      expect(tile.depth % 4).toBe(0)
    }
    const tile = weightTile(target, extent)
    const threads = threadsOf(tile)
    // weight-tiles.ts gives every thread as many loads, all of the same rows
    expect(((tile.channels * tile.depth) / 4) % threads).toBe(0)
    expect(((tile.rows * tile.depth) / 4) % threads).toBe(0)
    expect(threads % (tile.depth / 4)).toBe(0)
  }
})

test('few channels take low tiles, many take large ones', () => {
  const tileOf = (channels: number, rows: number, count: number) => {
    const { tile } = gatherTile(anyGpu, { channels, rows, places: count, summands: 1 })
    return [tile.channels, tile.rows]
  }
  expect(tileOf(16, 2600, 1024)).toEqual([16, 128])
  expect(tileOf(64, 2600, 256)).toEqual([64, 128])
  expect(tileOf(512, 2560, 196)).toEqual([128, 128])
  expect(tileOf(64, 52, 256)[1]).toBe(64)
})

test('long sums of few results are cut, so that no multiprocessor waits, and short ones are not', () => {
  const linear = { channels: 512, rows: 52, places: 1 }
  const { tile, parts } = gatherTile(anyGpu, { ...linear, summands: 4096 })
  expect(parts * workgroups(tile, linear)).toBeGreaterThan(132)
  expect(4096 / parts).toBeGreaterThanOrEqual(8 * tile.depth)
  expect(gatherTile(anyGpu, { ...linear, summands: 10 }).parts).toBe(1)
  expect(gatherTile(anyGpu, { channels: 64, rows: 2600, places: 256, summands: 64 }).parts).toBe(1)
  const weights = { channels: 145, rows: 16, places: 1 }
  const small = weightTile(anyGpu, weights)
  expect(partsOf(small, weights, 1024 * 650) * workgroups(small, weights)).toBeGreaterThan(1000)
  expect(partsOf(small, weights, 13)).toBe(1)
})
