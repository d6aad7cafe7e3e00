import { beforeAll, expect, test } from 'vitest'
import { items } from '../../data/items.testing.ts'
import { syntheticDigits } from '../../data/synthetic.ts'
import { loadDataset } from './load-dataset.ts'

let all: number[]
beforeAll(async () => {
  all = items(await loadDataset('synthetic', 'train', { validationCount: 0 }))
})

test('training and validation images are a partition that keeps the order', async () => {
  const train = items(await loadDataset('synthetic', 'train'))
  const validation = items(await loadDataset('synthetic', 'validation'))
  expect([all.length, train.length, validation.length]).toEqual([6000, 5400, 600])
  expect(new Set(all).size).toBe(6000)
  const chosen = new Set(validation)
  expect(all.filter((item) => chosen.has(item))).toEqual(validation)
  expect(all.filter((item) => !chosen.has(item))).toEqual(train)
})

test('the seed decides the partition, but not the images', async () => {
  const load = async (seed: number) =>
    items(await loadDataset('synthetic', 'validation', { seed, validationCount: 100 }))
  const first = await load(1)
  expect(await load(1)).toEqual(first)
  expect(await load(2)).not.toEqual(first)
  expect(new Set([...all, ...first]).size).toBe(6000)
})

test('a validation split may be empty', async () => {
  const empty = await loadDataset('synthetic', 'validation', { validationCount: 0 })
  expect([empty.count, empty.images.length, empty.labels.length]).toEqual([0, 0, 0])
})

test.each([6000, -1, 1.5, 0.99999, NaN])('%d images cannot be set aside', async (validationCount) => {
  await expect(loadDataset('synthetic', 'train', { validationCount })).rejects.toThrow(
    `cannot set aside ${validationCount} images of synthetic for validation: choose a whole number from 0 to 5999`,
  )
})

test('the test set is whole with any seed', async () => {
  const set = await loadDataset('synthetic', 'test', { seed: 9, validationCount: 50 })
  expect(set.count).toBe(1000)
  expect(items(set)).toEqual(items(syntheticDigits(1000, 0, 'test')))
})

test('unknown names are refused with a suggestion', async () => {
  await expect(loadDataset('mnits', 'test')).rejects.toThrow("unknown data set 'mnits': did you mean 'mnist'?")
  await expect(loadDataset('toString', 'test')).rejects.toThrow('choose one of: synthetic, mnist')
})
