/** What the files of published data sets hold, on files of a few images. */
import { gzipSync } from 'fflate'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { matOf } from '../formats/mat.testing.ts'
import { tarOf } from '../formats/tar.testing.ts'
import { writeZip } from '../formats/zip.ts'
import { cifar100 } from './cifar100.ts'
import { emnistBalanced, emnistDigits, emnistLetters } from './emnist.ts'
import { fashionMnist, kmnist } from './mnist-like.ts'
import { datasetNames, publishedDatasets } from './names.ts'
import { isPacked } from './published.ts'
import { svhn } from './svhn.ts'

const idxImages = (count: number, height: number, width: number) =>
  Uint8Array.from([
    0,
    0,
    8,
    3,
    ...[count, height, width].flatMap((size) => [0, 0, 0, size]),
    ...Array(count * height * width).keys(),
  ])
const idxLabels = (...labels: number[]) => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, labels.length, ...labels])

test('names are those of the list, each once, with a name for each class or none', () => {
  expect(['synthetic', ...publishedDatasets.map(({ name }) => name)]).toEqual(datasetNames)
  for (const { md5, parts, mirrors } of publishedDatasets) {
    expect([...new Set([...parts.train, ...parts.test])].toSorted()).toEqual(Object.keys(md5).toSorted())
    for (const sum of Object.values(md5)) expect(sum).toMatch(/^[0-9a-f]{32}$/)
    for (const mirror of mirrors) expect(mirror).toMatch(/^https?:.*\/$/)
  }
  expect(['a.tar.gz', 'a.mat', 'a.zip', 'a-ubyte', 'a.bin'].map(isPacked)).toEqual([true, true, true, false, false])
})

test.each([fashionMnist, kmnist])('$name has names for its classes, and refuses labels that are none', (dataset) => {
  const images = dataset.read([idxImages(2, 2, 3), idxLabels(9, 0)], 'test')
  expect(images).toMatchObject({
    name: dataset.name,
    classes: 10,
    count: 2,
    shape: { channels: 1, height: 2, width: 3 },
  })
  expect(images.classNames).toHaveLength(10)
  expect([...images.imageAt(1)]).toEqual([6, 7, 8, 9, 10, 11])
  expect([0, 1].map(images.labelAt)).toEqual([9, 0])
  expect(() => dataset.read([idxImages(1, 2, 3), idxLabels(10)], 'test')).toThrow('the classes are 0 to 9')
  expect(() => dataset.read([idxImages(1, 2, 3), idxLabels(1, 2)], 'test')).toThrow('has 2 labels, but')
})

test.each([
  { dataset: emnistBalanced, labels: [0, 10, 46], classes: ['0', 'A', 't'] },
  { dataset: emnistLetters, labels: [1, 26, 3], classes: ['a', 'z', 'c'] },
  { dataset: emnistDigits, labels: [0, 9, 5], classes: ['0', '9', '5'] },
])('$dataset.name stands upright, and its labels are classes', ({ dataset, labels, classes }) => {
  const variant = dataset.name.slice('emnist-'.length)
  const entries = ['train', 'test'].flatMap((part) => {
    const path = (kind: string) => `gzip/emnist-${variant}-${part}-${kind}-ubyte.gz`
    return [
      [path('images-idx3'), gzipSync(idxImages(3, 2, 2))] as const,
      [path('labels-idx1'), gzipSync(idxLabels(...labels))] as const,
    ]
  })
  const images = dataset.read([writeZip(new Map(entries), 'gzip.zip')], 'test')
  expect(images.classNames).toHaveLength(dataset.images.classes)
  expect(new Set(images.classNames).size).toBe(dataset.images.classes)
  expect([0, 1, 2].map((i) => images.classNames![images.labelAt(i)])).toEqual(classes)
  expect([...images.imageAt(1)]).toEqual([4, 6, 5, 7])
  expect(images.imageAt(0)).toBeInstanceOf(Uint8Array)
})

test('CIFAR-100 has the finer labels, in order of their names', () => {
  const random = new Random(0, 'cifar100')
  const records = Uint8Array.from({ length: 2 * 3074 }, () => random.integer(100))
  const archive = tarOf([
    { path: 'cifar-100-binary/', type: '5' },
    { path: 'cifar-100-binary/test.bin', data: records },
  ])
  const images = cifar100.read([archive], 'test')
  expect(images).toMatchObject({ count: 2, classes: 100 })
  expect(images.labelAt(1)).toBe(records[3075])
  expect([...images.imageAt(1)]).toEqual([...records.subarray(3076)])
  expect(images.classNames).toHaveLength(100)
  expect(images.classNames).toEqual(images.classNames!.toSorted())
  expect(() => cifar100.read([archive], 'train')).toThrow('does not hold train.bin')
})

test('SVHN is stored column by column, and calls the digit 0 10', () => {
  const random = new Random(0, 'svhn')
  const stored = Uint8Array.from({ length: 2 * 3072 }, () => random.integer(256))
  const content = matOf([
    { name: 'X', dimensions: [32, 32, 3, 2], data: stored },
    { name: 'y', dimensions: [2, 1], data: Uint8Array.of(10, 4) },
  ])
  const images = svhn.read([content], 'test')
  expect([0, 1].map(images.labelAt)).toEqual([0, 4])
  const image = images.imageAt(1)
  for (const [c, y, x] of [
    [0, 0, 1],
    [1, 5, 9],
    [2, 31, 30],
  ]) {
    expect(image[(c * 32 + y) * 32 + x]).toBe(stored[3072 + y + 32 * (x + 32 * c)])
  }
  expect(() => svhn.read([matOf([])], 'test')).toThrow('does not hold images X and labels y')
})
