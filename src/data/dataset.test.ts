import { expect, test } from 'vitest'
import { copyImages, imagesOf, setAside, takeRange } from './dataset.ts'
import { items } from './items.testing.ts'
import { syntheticDigits } from './synthetic.ts'

test('images that are set aside keep their order, and have memory of their own', () => {
  const set = syntheticDigits(40, 0, 'train')
  const { train, validation } = setAside(imagesOf(set), 10, 3)
  expect([train.count, validation.count]).toEqual([30, 10])
  const chosen = new Set(items(validation))
  expect(items(set).filter((item) => chosen.has(item))).toEqual(items(validation))
  expect(items(set).filter((item) => !chosen.has(item))).toEqual(items(train))
  expect([train.images.buffer, validation.images.buffer]).not.toContain(set.images.buffer)
  expect(copyImages(imagesOf(set))).toEqual(set)
})

test('ranges share memory', () => {
  const set = syntheticDigits(10, 0, 'test')
  const part = takeRange(takeRange(set, 2, 9), 1, 3)
  expect(items(part)).toEqual(items(set).slice(3, 5))
  expect(part.images.buffer).toBe(set.images.buffer)
  expect(takeRange(set, 10, 10).count).toBe(0)
})

test.each([
  [-1, 3],
  [3, 2],
  [0, 11],
  [0.5, 2],
  [0, NaN],
])('there is no range from %d to %d', (first, last) => {
  expect(() => takeRange(syntheticDigits(10, 0, 'test'), first, last)).toThrow('its images are 0 to 10, end excluded')
})
