import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { augment } from './augment.ts'
import { checkDataset, datasetOf, tableOf } from './dataset-of.ts'
import { className, copyImages, imagesOf, pixelsAt, setAside, takeRange } from './dataset.ts'

const shape = { channels: 1, height: 1, width: 2 }
const bytes = { images: Uint8Array.of(0, 255, 51, 102), labels: [0, 1], shape }
const floats = { ...bytes, images: Float32Array.of(0, 1, 0.2, 0.4) }

test('bytes are 255ths, floats are as they are, and both are copied', () => {
  for (const given of [bytes, floats]) {
    const dataset = datasetOf(given)
    expect(pixelsAt(dataset, 1)).toEqual(Float32Array.of(0.2, 0.4))
    expect([dataset.name, dataset.classes, dataset.count]).toEqual(['own data', 2, 2])
    expect(dataset.images.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(dataset.images).not.toBe(given.images)
    expect(copyImages(imagesOf(dataset))).toEqual(dataset)
    const { train, validation } = setAside(imagesOf(dataset), 1, 0)
    const all = [...pixelsAt(train, 0), ...pixelsAt(validation, 0)]
    expect(all.toSorted()).toEqual([...Float32Array.of(0, 0.2, 0.4, 1)])
    expect([...takeRange(dataset, 1, 2).images]).toEqual([...given.images.subarray(2)])
  }
})

test('classes have names, or their numbers', () => {
  const named = datasetOf({ ...bytes, name: 'pets', classNames: ['cat', 'dog', 'owl'] })
  expect([named.classes, className(named, 2), className(datasetOf(bytes), 1)]).toEqual([3, 'owl', '1'])
  expect(takeRange(named, 0, 1).classNames).toEqual(named.classNames)
  expect(setAside(imagesOf(named), 1, 0).train.classNames).toEqual(named.classNames)
})

test('floats are mirrored and moved as bytes are', () => {
  const image = Float32Array.from({ length: 12 }, (_, i) => i / 11)
  const wide = { channels: 1, height: 3, width: 4 }
  for (let seed = 0; seed < 8; seed++) {
    const moved = augment(image, wide, 'flip-shift', new Random(seed, 'x'))
    const asBytes = augment(
      Uint8Array.from(image, (x) => Math.round(x * 255)),
      wide,
      'flip-shift',
      new Random(seed, 'x'),
    )
    expect(moved).toBeInstanceOf(Float32Array)
    expect([...moved].map((x) => Math.round(x * 255))).toEqual([...asBytes])
  }
})

test('a table is scaled to [0, 1], feature by feature', () => {
  const features = [
    { name: 'age', low: 20, high: 70 },
    { name: 'balance', low: -1, high: 1 },
  ]
  const rows = [
    [20, 1],
    [45, 0],
  ]
  const table = tableOf({ rows, features, labels: [0, 1], name: 'bank' })
  expect([...table.images]).toEqual([0, 1, 0.5, 0.5])
  expect([table.shape, table.features]).toEqual([{ channels: 2, height: 1, width: 1 }, features])
  const wrong = (change: Partial<Parameters<typeof tableOf>[0]>, message: string) =>
    expect(() => tableOf({ rows, features, labels: [0, 1], name: 'bank', ...change })).toThrow(message)
  wrong({ rows: [[71, 0], rows[1]] }, "'age' is 71 in row 0 of bank: its range is 20 to 70")
  wrong({ rows: [rows[0], [30, NaN]] }, "'balance' is NaN in row 1 of bank")
  wrong({ rows: [[1], rows[1]] }, 'row 0 of bank has 1 values, but there are 2 features')
  wrong({ features: [features[0], { name: 'flat', low: 1, high: 1 }] }, "feature 'flat' of bank goes from 1 to 1")
})

test('what does not fit is refused in one line that says where', () => {
  const refuse = (change: object, message: string) => {
    const make = () => datasetOf({ ...floats, name: 'mine', ...change })
    expect(make).toThrow(UserError)
    expect(make).toThrow(message)
  }
  refuse({ labels: undefined }, 'mine has no labels')
  refuse({ shape: undefined }, 'mine has no shape')
  refuse({ labels: [0] }, 'mine has 1 labels and 4 values: 1 images of 1×1×2 have 2')
  refuse({ labels: [0, 1.5] }, 'number of classes of mine must be a whole number from 1 to 256, not 2.5')
  refuse({ labels: [0, 256] }, 'number of classes of mine must be a whole number from 1 to 256, not 257')
  refuse({ labels: [-1, 1] }, 'label 0 of mine must be a whole number from 0 to 1, not -1')
  refuse({ labels: [0, 2], classes: 2 }, 'label 1 of mine must be a whole number from 0 to 1, not 2')
  refuse({ classNames: ['a'], classes: 2 }, 'mine has 2 classes, but names for 1')
  refuse({ images: Float32Array.of(0, 1, NaN, 0) }, 'value 0 of image 1 of mine is NaN, which is not in [0, 1]')
  refuse({ images: Float32Array.of(0, 1.5, 0, 0) }, 'value 1 of image 0 of mine is 1.5')
  refuse({ images: [0, 1, 0, 1] }, 'must be a Uint8Array (0 to 255) or a Float32Array (0 to 1)')
  refuse({ shape: { channels: 0, height: 1, width: 2 } }, 'the number of channels must be a whole number from 1')
  const dataset = datasetOf(floats)
  expect(() => checkDataset({ ...dataset, labels: Uint8Array.of(0, 2) })).toThrow('label 1 of own data is 2')
  expect(() => checkDataset({ ...dataset, count: 3 })).toThrow('has 2 labels and 4 values for 3 images')
})
