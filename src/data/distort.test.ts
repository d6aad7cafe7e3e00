import { expect, test } from 'vitest'
import { Random } from '../engine/random.ts'
import { distort } from './distort.ts'

const side = 21
const shape = { channels: 2, height: side, width: side }
/** Tells where a pixel of it comes from: 8 x + 8 in the first channel, 8 y + 8 in the second. */
const ramps = Uint8Array.from({ length: 2 * side * side }, (_, i) => {
  const place = i % (side * side)
  return 8 + 8 * (i < side * side ? place % side : Math.floor(place / side))
})

/** Where pixel (x, y) of a distorted image comes from, to a sixteenth of a pixel. */
function sourceOf(distorted: Uint8Array, x: number, y: number): [number, number] {
  const at = y * side + x
  return [distorted[at]! / 8 - 1, distorted[side * side + at]! / 8 - 1]
}

/** The map's matrix and shift by differences over 10 pixels about the middle. */
function mapOf(seed: number) {
  const distorted = distort(ramps, shape, new Random(seed))
  const [left, right] = [sourceOf(distorted, 5, 10), sourceOf(distorted, 15, 10)]
  const [top, bottom] = [sourceOf(distorted, 10, 5), sourceOf(distorted, 10, 15)]
  const middle = sourceOf(distorted, 10, 10)
  return {
    distorted,
    ...{ xx: (right[0] - left[0]) / 10, yx: (right[1] - left[1]) / 10 },
    ...{ xy: (bottom[0] - top[0]) / 10, yy: (bottom[1] - top[1]) / 10 },
    shift: [middle[0] - 10, middle[1] - 10],
  }
}

test('is one affine map, of the sizes that it says, for both channels', () => {
  const maps = Array.from({ length: 400 }, (_, seed) => mapOf(seed))
  for (const { distorted, xx, xy, yx, yy, shift } of maps) {
    const [x, y] = sourceOf(distorted, 13, 6)
    expect(x).toBeCloseTo(10 + shift[0]! + 3 * xx - 4 * xy, 0)
    expect(y).toBeCloseTo(10 + shift[1]! + 3 * yx - 4 * yy, 0)
  }
  const range = (of: (map: (typeof maps)[number]) => number) => {
    const values = maps.map(of)
    return [Math.min(...values), Math.max(...values)]
  }
  const within = ([low, high]: number[], least: number, most: number) => {
    // they come close to the ends, and not past them by more than sources are known to
    expect(low).toBeGreaterThan(least - 0.02)
    expect(high).toBeLessThan(most + 0.02)
    expect(low).toBeLessThan(least + 0.1 * (most - least))
    expect(high).toBeGreaterThan(most - 0.1 * (most - least))
  }
  const [cosine, sine] = [Math.cos(Math.PI / 18), Math.sin(Math.PI / 18)]
  within(
    range(({ yy }) => yy),
    0.9 * cosine,
    1.1,
  )
  within(
    range(({ yx }) => yx),
    -1.1 * sine,
    1.1 * sine,
  )
  const [slantLow, slantHigh] = range(({ xy }) => xy)
  expect(slantLow).toBeGreaterThan(-0.15 - 1.1 * sine - 0.02)
  expect(slantHigh).toBeLessThan(0.15 + 1.1 * sine + 0.02)
  expect(slantHigh).toBeGreaterThan(0.2)
  for (const i of [0, 1]) {
    const [low, high] = range(({ shift }) => shift[i]!)
    expect(low).toBeGreaterThan(-2.2)
    expect(high).toBeLessThan(2.2)
    expect(high! - low!).toBeGreaterThan(2.4)
  }
})

test('interpolates, brings in black, and depends on the stream alone', () => {
  const before = ramps.slice()
  expect(distort(ramps, shape, new Random(3))).toEqual(distort(ramps, shape, new Random(3)))
  expect(distort(ramps, shape, new Random(3))).not.toEqual(distort(ramps, shape, new Random(4)))
  expect(ramps).toEqual(before)
  const white = new Uint8Array(2 * side * side).fill(255)
  const made = Array.from({ length: 20 }, (_, seed) => distort(white, shape, new Random(seed)))
  for (const image of made) expect(image[10 * side + 10]).toBe(255)
  const edges = made.flatMap((image) => [...image.subarray(0, side)])
  expect(edges).toContain(0)
  expect(edges).toContain(255)
  expect(edges.some((value) => value > 0 && value < 255)).toBe(true)
})
