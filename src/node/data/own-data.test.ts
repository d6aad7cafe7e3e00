/** Data of one's own from files of every kind, and what is said of those that are none. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { npyOf, npzOf } from '../../formats/npy.testing.ts'
import { encodePng } from '../../formats/png.ts'
import { temporaryFolder } from '../temporary.testing.ts'
import { loadDataset } from './load-dataset.ts'

const folder = temporaryFolder()
let folders = 0

function put(files: Readonly<Record<string, Uint8Array | string>>): (path: string) => string {
  const root = join(folder, String(folders++))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return (path) => join(root, path)
}

const both = async (path: string) => {
  const [train, aside] = [await loadDataset(path, 'train', { validationCount: 0 }), await loadDataset(path, 'test')]
  return { train, test: aside }
}

test('arrays of NumPy', async () => {
  const content = npzOf({
    x_train: npyOf('|u1', [2, 1, 2], Uint8Array.of(1, 2, 3, 4)),
    y_train: npyOf('<i8', [2], BigInt64Array.of(0n, 2n)),
    x_test: npyOf('|u1', [1, 1, 2], Uint8Array.of(5, 6)),
    y_test: npyOf('<i8', [1], BigInt64Array.of(1n)),
  })
  const { train, test: aside } = await both(put({ 'a.npz': content })('a.npz'))
  expect(train).toMatchObject({ classes: 3, count: 2, shape: { channels: 1, height: 1, width: 2 } })
  expect([...train.images, ...aside.images]).toEqual([1, 2, 3, 4, 5, 6])
  expect([...train.labels, ...aside.labels]).toEqual([0, 2, 1])
  expect(train.images.buffer).toBeInstanceOf(SharedArrayBuffer)
})

const picture = encodePng({ channels: 1, height: 2, width: 2 }, new Uint8Array(4))
const csv = `age,kind\n${Array.from({ length: 20 }, (_, i) => `${i},${i < 10 ? 'low' : 'high'}`).join('\n')}\n`

test('tables, in one file or two, compressed or not', async () => {
  const at = put({
    'a.csv': `\ufeff${csv}`,
    'b/train.csv.gz': gzipSync('label,age\nx,2\ny,4'),
    'b/test.csv': 'label,age\ny,6',
  })
  const one = await both(at('a.csv'))
  expect(one.train).toMatchObject({
    classNames: ['high', 'low'],
    count: 16,
    features: [{ name: 'age', low: 0, high: 19 }],
  })
  expect(one.test.count).toBe(4)
  const two = await both(at('b'))
  expect(two.test).toMatchObject({ classNames: ['x', 'y'], features: [{ name: 'age', low: 2, high: 6 }] })
  expect([...two.train.images, ...two.test.images]).toEqual([0, 0.5, 1])
  expect([...two.test.labels]).toEqual([1])
})

test('a test part alone is for certification', async () => {
  const toml = 'test = "a.csv"\nfeatures = { age = [-1, 39] }'
  const at = put({ 'p/test/x/1.png': picture, 'p/test/y/1.png': picture, 'd.toml': toml, 'a.csv': csv })
  expect(await loadDataset(at('p'), 'test')).toMatchObject({ count: 2, classNames: ['x', 'y'] })
  const aside = await loadDataset(at('d.toml'), 'test')
  expect(aside).toMatchObject({ count: 20, classNames: ['high', 'low'] })
  expect(aside.images[19]).toBe(0.5)
  await expect(loadDataset(at('p'), 'train')).rejects.toThrow(
    'has no training part: it is for certification and attacks only',
  )
})

test('rows of a test alone do not tell how those of the training were scaled', async () => {
  const at = put({ 'd.toml': 'test = "a.csv"', 'a.csv': csv, 't/test.csv': csv, 'e.toml': 'data = "t"' })
  for (const path of ['d.toml', 't', 'e.toml']) {
    await expect(loadDataset(at(path), 'test')).rejects.toThrow(
      "rows of a test alone do not tell the range of 'age' in training: give it in a dataset.toml",
    )
  }
})

test('a folder of files beside the path is refused', async () => {
  const path = put({ 'a.csv': csv })('a.csv')
  const message = `${path} is the path of the data itself: leave out the folder ${folder}`
  await expect(loadDataset(path, 'test', { dataDirectory: folder })).rejects.toThrow(message)
})

const idx = (...bytes: number[]) => Uint8Array.from([0, 0, 8, ...bytes])
const idxFiles = {
  'train-images.idx': idx(3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4),
  'train-labels.idx': idx(1, 0, 0, 0, 2, 3, 0),
  't10k-images-idx3-ubyte': idx(3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6),
  't10k-labels-idx1-ubyte.gz': gzipSync(idx(1, 0, 0, 0, 1, 1)),
}

test('idx files of any name', async () => {
  const { train, test: aside } = await both(put(idxFiles)('.'))
  expect([...train.images, ...aside.images]).toEqual([1, 2, 3, 4, 5, 6])
  expect([...train.labels, ...aside.labels]).toEqual([3, 0, 1])
  expect([train.classes, aside.classes]).toEqual([4, 4])
})

test('a dataset.toml beside the files, or given itself', async () => {
  const toml = `
    data = "all.csv"
    label = "kind"
    classes = ["low", "high"]
    split = { test = 0.5, seed = 3 }
    [features]
    age = [-1, 39]
  `
  const at = put({ 'dataset.toml': toml, 'all.csv': csv })
  for (const path of [at('.'), at('dataset.toml')]) {
    const { train, test: aside } = await both(path)
    expect(train).toMatchObject({
      classNames: ['low', 'high'],
      count: 10,
      features: [{ name: 'age', low: -1, high: 39 }],
    })
    const ages = [...train.images, ...aside.images].map((value) => Math.round(value * 40 - 1)).toSorted((a, b) => a - b)
    expect(ages).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(aside.labels[0]).toBe(aside.images[0]! * 40 - 1 < 9.5 ? 0 : 1)
  }
})

test('a dataset.toml that names both parts, and the shape of rows', async () => {
  const at = put({
    'd.toml': 'train = "a.csv"\ntest = "sub/b.csv"\nshape = [1, 1, 2]\nrange = [0, 255]\nlabel = "y"',
    'a.csv': 'y,p,q\n7,0,255\n8,51,0',
    'sub/b.csv': 'y,p,q\n8,102,0',
  })
  const { train, test: aside } = await both(at('d.toml'))
  expect(train).toMatchObject({ shape: { channels: 1, height: 1, width: 2 }, classNames: ['7', '8'] })
  expect(train.features).toBeUndefined()
  const values = [0, 1, 0.2, 0, 0.4, 0]
  ;[...train.images, ...aside.images].forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 6))
})

test.each<[string, string, RegExp]>([
  ['an unknown key', 'data = "a.csv"\nlables = 1', /d\.toml: unknown key 'lables': did you mean 'label'\?/],
  ['no data', 'label = "kind"', /d\.toml: give either data, or train and test/],
  ['half a pair', 'train = "a.csv"', /d\.toml: give either data, or train and test/],
  ['too much', 'data = "a.csv"\ntrain = "a.csv"\ntest = "a.csv"', /d\.toml: give either data, or train and test/],
  ['a wrong type', 'data = 3', /d\.toml: data: expected string/],
  ['a wrong share', 'data = "a.csv"\nsplit = { test = 2 }', /d\.toml: split\.test: /],
  [
    'a range the wrong way round',
    'data = "a.csv"\nfeatures = { age = [3, 1] }',
    /d\.toml: features\.age: the lower end comes first/,
  ],
  [
    'a range that is too small',
    'data = "a.csv"\nfeatures = { age = [3, 9] }',
    /'age' goes from 0 to 19, which is not within/,
  ],
  [
    'a range that ends too early',
    'data = "a.csv"\nfeatures = { age = [-1, 9] }',
    /'age' goes from 0 to 19, which is not within/,
  ],
  [
    'a feature that is not there',
    'data = "a.csv"\nfeatures = { aeg = [3, 9] }',
    /unknown feature 'aeg': did you mean 'age'/,
  ],
  [
    'a class that is not there',
    'data = "a.csv"\nclasses = ["low"]',
    /has a class 'high', which is not among the classes/,
  ],
  ['another shape', 'data = "a.csv"\nshape = [1, 2, 2]', /shape 1 × 2 × 2 has 4 values, but .*a\.csv 1$/],
  ['ranges of images', 'data = "p"\nrange = [0, 1]', /range is for tables, but .*p holds images/],
  ['a file that is not there', 'data = "none.csv"', /there is no data set .*none\.csv/],
  ['no TOML', 'data = ', /d\.toml is not valid TOML, line 1/],
])('a dataset.toml with %s is refused', async (_, toml, message) => {
  const at = put({ 'd.toml': toml, 'a.csv': csv, 'p/x/1.png': picture, 'p/x/2.png': picture, 'p/x/3.png': picture })
  await expect(loadDataset(at('d.toml'), 'train')).rejects.toThrow(message)
})

test.each<[string, Record<string, Uint8Array | string>, string, RegExp]>([
  ['a file of another kind', { 'a.txt': 'x' }, 'a.txt', /a\.txt is no data set: give a folder of images by class/],
  [
    'a single array',
    { 'a.npy': npyOf('|u1', [1], new Uint8Array(1)) },
    'a.npy',
    /is a single array: put images and labels/,
  ],
  ['an idx file too few', { 'train-images.idx': 'x' }, '.', /has no file of labels for the training/],
  [
    'an idx file too many',
    { ...idxFiles, 'train-labels2.idx': 'x' },
    '.',
    /has several files \(train-labels\.idx, train-labels2\.idx\) of labels/,
  ],
  [
    'labels that are too many',
    { ...idxFiles, 'train-labels.idx': idx(1, 0, 0, 0, 1, 3) },
    '.',
    /has 1 labels, but .* has 2 images/,
  ],
  ['a stray file', { ...idxFiles, 'a.txt': 'x' }, '.', /a\.txt is no idx file, but others in/],
  [
    'too few rows',
    { 'a.csv': 'a,label\n1,x\n2,y' },
    'a.csv',
    /has 2 examples: too few to set aside 0\.2 of each class/,
  ],
])('%s is refused', async (_, files, path, message) => {
  await expect(loadDataset(put(files)(path), 'train')).rejects.toThrow(message)
})
