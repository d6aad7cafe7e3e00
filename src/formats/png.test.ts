import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import { encodePng } from './png.ts'

/** The RGB of every pixel, row by row. */
function decode(bytes: Uint8Array): { width: number; height: number; rgb: number[][] } {
  const { width, height, data } = PNG.sync.read(Buffer.from(bytes))
  return { width, height, rgb: Array.from({ length: width * height }, (_, i) => [...data.subarray(4 * i, 4 * i + 3)]) }
}
const grey = (...values: number[]) => values.map((value) => [value, value, value])

test('a grey image of numbers, clamped', () => {
  const shape = { channels: 1, height: 1, width: 5 }
  const picture = decode(encodePng(shape, Float32Array.from([0, 0.5, 1, -0.2, 1.1])))
  expect(picture).toEqual({ width: 5, height: 1, rgb: grey(0, 128, 255, 0, 255) })
})

test('an image of bytes, enlarged', () => {
  const picture = decode(encodePng({ channels: 1, height: 2, width: 1 }, Uint8Array.from([7, 200]), 2))
  expect(picture).toEqual({ width: 2, height: 4, rgb: grey(7, 7, 7, 7, 200, 200, 200, 200) })
})

test('a colour image, given channel by channel', () => {
  const picture = decode(encodePng({ channels: 3, height: 1, width: 2 }, [1, 0, 0, 1, 0.2, 0.4]))
  expect(picture.rgb).toEqual([
    [255, 0, 51],
    [0, 255, 102],
  ])
})

test('mistakes are refused', () => {
  const pixel = { channels: 1, height: 1, width: 1 }
  expect(() => encodePng({ channels: 2, height: 1, width: 1 }, [0, 0])).toThrow('1 or 3 channels, not 2')
  expect(() => encodePng(pixel, [0, 0])).toThrow('2 values do not make an image of 1')
  expect(() => encodePng(pixel, [NaN])).toThrow('NaN')
  expect(() => encodePng(pixel, [0], 0.5)).toThrow('scale')
})
