import { expect, test } from 'vitest'
import { smallCase } from '../../attacks/random-dataset.testing.ts'
import { hashOfDataset, sha256 } from './hash.ts'

const { dataset } = smallCase(0, 3)
const floats = { ...dataset, images: Float32Array.from(dataset.images, (byte) => byte / 255) }

test('a data set is its images and labels, whatever they are called; bytes as in older files', () => {
  const hash = hashOfDataset(dataset)
  expect(hash).toBe(sha256(dataset.images as Uint8Array, dataset.labels))
  expect(hashOfDataset({ ...dataset, name: 'other', classNames: ['a', 'b', 'c', 'd'] })).toBe(hash)
  expect(hashOfDataset({ ...dataset, labels: dataset.labels.map((label) => 3 - label) })).not.toBe(hash)
})

test('floats count with all their bits', () => {
  const hash = hashOfDataset(floats)
  expect(hash).not.toBe(hashOfDataset(dataset))
  expect(hashOfDataset({ ...floats, images: floats.images.slice() })).toBe(hash)
  expect(hashOfDataset({ ...floats, images: floats.images.with(5, floats.images[5]! + 2 ** -20) })).not.toBe(hash)
  const wider = new Float32Array(floats.images.length + 1)
  wider.set(floats.images, 1)
  expect(hashOfDataset({ ...floats, images: wider.subarray(1) })).toBe(hash)
})
