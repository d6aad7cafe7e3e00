import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import type { NpyArray } from '../formats/npy.ts'
import { type Layout, examplesOfArrays } from './arrays.ts'
import { type Examples, type Parts, matchParts } from './examples.ts'

const bytes = (...shape: number[]): NpyArray => ({
  ...{ shape, kind: 'integer' },
  data: Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
})
const floats = (shape: number[], ...values: number[]): NpyArray => ({
  shape,
  kind: 'float',
  data: Float32Array.from(values),
})
const labels = (...values: number[]): NpyArray => ({
  shape: [values.length],
  kind: 'integer',
  data: Float64Array.from(values),
})
const read = (arrays: Record<string, NpyArray>, layout?: Layout) =>
  examplesOfArrays(new Map(Object.entries(arrays)), 'a.npz', layout)
const one = (images: NpyArray, layout?: Layout) => read({ images, labels: labels(0, 1) }, layout) as Examples

test.each([
  [[2, 5], { channels: 5, height: 1, width: 1 }, [5, 6, 7, 8, 9]],
  [[2, 2, 3], { channels: 1, height: 2, width: 3 }, [6, 7, 8, 9, 10, 11]],
  [[2, 3, 2, 2], { channels: 3, height: 2, width: 2 }, [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]],
  [[2, 2, 2, 3], { channels: 3, height: 2, width: 2 }, [12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23]],
  [[2, 2, 4, 1], { channels: 1, height: 2, width: 4 }, [8, 9, 10, 11, 12, 13, 14, 15]],
])('the axes of %j', (shape, expected, second) => {
  const examples = one(bytes(...shape))
  expect(examples.shape).toEqual(expected)
  expect([...examples.valuesAt(1)]).toEqual(second)
})

test('where the sizes do not tell, the layout does', () => {
  expect(() => one(bytes(2, 3, 2, 3))).toThrow('does not tell where its channels are')
  expect(() => one(bytes(2, 4, 2, 4))).toThrow('does not tell where its channels are')
  expect(one(bytes(2, 3, 2, 3), 'NHWC').shape).toEqual({ channels: 3, height: 3, width: 2 })
  expect(one(bytes(2, 3, 2, 3), 'NCHW').shape).toEqual({ channels: 3, height: 2, width: 3 })
})

test('names, or places without names', () => {
  const [a, b] = [bytes(2, 3), bytes(1, 3)]
  const named = { x_test: b, y_test: labels(4), X_train: a, y_train: labels(0, 1), val_x: a }
  const unnamed = { arr_0: a, arr_1: labels(0, 1), arr_2: b, arr_3: labels(4) }
  for (const arrays of [named, unnamed]) {
    const parts = read(arrays)
    expect(parts).toMatchObject({ train: { count: 2, classes: 2 }, test: { count: 1, classes: 5 } })
  }
  expect(read({ arr_0: a, arr_1: labels(0, 1) })).toMatchObject({ count: 2 })
  expect(read({ x_test: a, y_test: labels(0, 1) })).toMatchObject({ train: { count: 0 }, test: { count: 2 } })
  const classNames: NpyArray = { shape: [3], kind: 'text', data: new Uint8Array(), texts: ['x', 'y', 'z'] }
  expect(read({ images: a, labels: labels(0, 1), class_names: classNames })).toMatchObject({
    classes: 3,
    classNames: ['x', 'y', 'z'],
  })
})

test('integers become bytes, truth values black and white, floats stay; other floats in rows are a table', () => {
  expect(one({ ...bytes(2, 1), data: Float64Array.of(3, 255) }).valuesAt(1)).toEqual(Uint8Array.of(255))
  expect(one({ ...bytes(2, 1), kind: 'truth', data: Uint8Array.of(0, 1) }).valuesAt(1)).toEqual(Uint8Array.of(255))
  expect(one(floats([2, 1], 0, 0.5)).valuesAt(1)).toEqual(Float32Array.of(0.5))
  const table = one(floats([2, 2], 1, -2, 3, 4))
  expect(table.features).toEqual([
    { name: 'feature 0', low: 1, high: 3 },
    { name: 'feature 1', low: -2, high: 4 },
  ])
  expect(table.valuesAt(1)).toEqual(Float64Array.of(3, 4))
})

test('one row outside [0, 1] makes a table of both parts: they are scaled alike', () => {
  const [inside, outside] = [floats([2, 1], 0, 1), floats([2, 1], 0.25, 1.25)]
  for (const [train, aside] of [
    [inside, outside],
    [outside, inside],
  ] as const) {
    const parts = read({ x_train: train, y_train: labels(0, 1), x_test: aside, y_test: labels(0, 1) }) as Parts
    const { features } = matchParts(parts).test
    expect(features).toEqual([{ name: 'feature 0', low: 0, high: 1.25 }])
  }
})

test.each<[Record<string, NpyArray>, string]>([
  [{ images: bytes(2, 3), labels: labels(0, 1, 2) }, "array 'images' has 2 examples, but 'labels' 3"],
  [{ images: bytes(2, 3), labels: labels(0, 256) }, "array 'labels' holds 256: labels are 0 to 255"],
  [{ images: bytes(2, 3), labels: labels(0, -1) }, "array 'labels' holds -1"],
  [{ images: bytes(2, 3), labels: bytes(2, 4) }, "'labels' has the shape [2, 4]: labels are [N]"],
  [
    { images: floats([2, 1, 1], 0, 1.5), labels: labels(0, 1) },
    "array 'images' holds 1.5: floats must be in [0, 1], so divide",
  ],
  [{ images: floats([2, 1], 7, NaN), labels: labels(0, 1) }, "array 'images' holds NaN"],
  [{ images: floats([2, 1, 1], 0, NaN), labels: labels(0, 1) }, "array 'images' holds NaN"],
  [{ images: { ...bytes(1, 1, 1), data: Float64Array.of(300) }, labels: labels(0) }, 'integers must be 0 to 255'],
  [{ images: bytes(2), labels: labels(0, 1) }, 'has the shape [2]'],
  [{ images: bytes(0, 3), labels: labels() }, 'has the shape [0, 3]'],
  [{ weights: bytes(2, 3) }, "holds 'weights': give it x_train, y_train, x_test and y_test, or images and labels"],
  [
    { x_train: bytes(2, 3), x_test: bytes(2, 3), y_test: labels(0, 1), images: bytes(2, 3), labels: labels(0, 1) },
    'give it x_train',
  ],
])('%j is refused', (arrays, message) => {
  expect(() => read(arrays)).toThrow(message)
  expect(() => read(arrays)).toThrow(UserError)
})
