import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { augment } from './augment.ts'

const shape = { channels: 2, height: 9, width: 7 }
/** No two pixels are equal, and none is black. */
const image = Uint8Array.from({ length: 2 * 9 * 7 }, (_, i) => i + 1)
const at = (bytes: Uint8Array, c: number, y: number, x: number) =>
  y < 0 || y >= 9 || x < 0 || x >= 7 ? 0 : bytes[(c * 9 + y) * 7 + x]

/** What the definition says, pixel by pixel: mirror, pad by 4, cut out at (top, left) from 0 to 8. */
function expected(flip: boolean, top: number, left: number): string {
  const values: number[] = []
  for (let c = 0; c < 2; c++) {
    for (let y = top - 4; y < top + 5; y++) {
      for (let x = left - 4; x < left + 3; x++) values.push(x < 0 || x >= 7 ? 0 : at(image, c, y, flip ? 6 - x : x))
    }
  }
  return values.join()
}

test('each of the 162 mirrored and moved images occurs, the image itself too, and no other', () => {
  const possible = new Map<string, number>()
  for (const flip of [false, true]) {
    for (let top = 0; top < 9; top++) {
      for (let left = 0; left < 9; left++) possible.set(expected(flip, top, left), 0)
    }
  }
  expect(possible.size).toBe(162)
  expect(possible.has(image.join())).toBe(true)
  const draws = 162 * 60
  for (let i = 0; i < draws; i++) {
    const made = augment(image, shape, 'flip-crop', new Random(1, i)).join()
    expect(possible.has(made)).toBe(true)
    possible.set(made, possible.get(made)! + 1)
  }
  // each count is binomial of mean 60 and deviation 7.7
  const counts = [...possible.values()]
  expect(Math.min(...counts)).toBeGreaterThan(25)
  expect(Math.max(...counts)).toBeLessThan(100)
})

test('the stream decides, and the image stays as it is', () => {
  const before = image.slice()
  const make = (seed: number) => augment(image, shape, 'flip-crop', new Random(seed))
  expect(make(5)).toEqual(make(5))
  expect(make(5)).toHaveLength(image.length)
  expect(new Set(Array.from({ length: 20 }, (_, seed) => make(seed).join())).size).toBeGreaterThan(10)
  expect(image).toEqual(before)
})

test('flip mirrors half of the images, and none changes nothing', () => {
  const made = Array.from({ length: 200 }, (_, i) => augment(image, shape, 'flip', new Random(2, i)).join())
  expect(new Set(made)).toEqual(new Set([expected(false, 4, 4), expected(true, 4, 4)]))
  const mirrored = made.filter((bytes) => bytes === expected(true, 4, 4)).length
  expect(Math.abs(mirrored - 100)).toBeLessThan(35)
  expect(augment(image, shape, 'none', new Random(2))).toEqual(image)
})

test('shift moves by up to a pixel each way and mirrors nothing', () => {
  const possible = new Set([3, 4, 5].flatMap((top) => [3, 4, 5].map((left) => expected(false, top, left))))
  const made = Array.from({ length: 200 }, (_, i) => augment(image, shape, 'shift', new Random(2, i)).join())
  expect(new Set(made)).toEqual(possible)
})

test('flip-shift does both', () => {
  const places = [3, 4, 5].flatMap((top) => [3, 4, 5].map((left) => [top, left] as const))
  const possible = [false, true].flatMap((flip) => places.map(([top, left]) => expected(flip, top, left)))
  const made = Array.from({ length: 400 }, (_, i) => augment(image, shape, 'flip-shift', new Random(2, i)).join())
  expect(new Set(made)).toEqual(new Set(possible))
})
