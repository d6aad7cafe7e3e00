import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { encodePng } from '../../formats/png.ts'
import { temporaryFolder } from '../temporary.testing.ts'
import { loadDataset } from './load-dataset.ts'

const folder = temporaryFolder()
let folders = 0

/** A new folder with these files: pictures of one value, or texts. */
function put(files: Readonly<Record<string, Uint8Array | string>>): string {
  const root = join(folder, String(folders++))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

const grey = (value: number, [height, width] = [2, 3]) =>
  encodePng({ channels: 1, height: height!, width: width! }, new Uint8Array(height! * width!).fill(value))
const red = encodePng(
  { channels: 3, height: 2, width: 3 },
  Uint8Array.from({ length: 18 }, (_, i) => (i < 6 ? 255 : 0)),
)

test('folders of classes in train and test, in order of their names, where classes take turns', async () => {
  const path = put({
    ...{
      'train/dog/b.png': grey(2),
      'train/dog/B.png': grey(1),
      'train/cat/x.png': grey(3),
      'train/cat/10.PNG': grey(4),
    },
    ...{ 'test/cat/1.png': grey(5), 'test/eel/1.png': grey(6), 'test/.DS_Store': 'x', 'train/dog/Thumbs.db': 'x' },
  })
  const train = await loadDataset(path, 'train', { validationCount: 0 })
  expect(train).toMatchObject({ name: path, shape: { channels: 1, height: 2, width: 3 }, classes: 3, count: 4 })
  expect(train.classNames).toEqual(['cat', 'dog', 'eel'])
  expect([...train.labels]).toEqual([0, 1, 0, 1])
  expect(Array.from({ length: 4 }, (_, i) => train.images[6 * i])).toEqual([4, 1, 3, 2])
  const aside = await loadDataset(path, 'test')
  expect([...aside.labels]).toEqual([0, 2])
  expect([...aside.images]).toEqual([...new Array(6).fill(5), ...new Array(6).fill(6)])
})

test('the first n pictures have the classes in proportion', async () => {
  const many = Array.from({ length: 12 }, (_, i) => [`train/many/${10 + i}.png`, grey(1)] as const)
  const few = Array.from({ length: 4 }, (_, i) => [`train/few/${i}.png`, grey(2)] as const)
  const path = put({ ...Object.fromEntries([...many, ...few]), 'test/few/1.png': grey(2), 'test/many/1.png': grey(1) })
  const { labels } = await loadDataset(path, 'train', { validationCount: 0 })
  for (const n of [4, 8, 12]) expect(labels.subarray(0, n).filter((label) => label === 0)).toHaveLength(n / 4)
})

test('without train and test, a fifth of each class is for the test, and a tenth of the rest for validation', async () => {
  const pictures = Array.from({ length: 50 }, (_, i) => [`${i % 2 ? 'odd' : 'even'}/${100 + i}.png`, grey(i)] as const)
  const path = put(Object.fromEntries(pictures))
  const [train, validation, aside] = await Promise.all(
    (['train', 'validation', 'test'] as const).map((split) => loadDataset(path, split)),
  )
  expect([train!.count, validation!.count, aside!.count]).toEqual([36, 4, 10])
  const values = [train!, validation!, aside!].flatMap(({ images, labels, count }) =>
    Array.from({ length: count }, (_, i) => {
      expect(labels[i]).toBe(images[6 * i]! % 2)
      return images[6 * i]!
    }),
  )
  expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  expect([...aside!.labels].filter((label) => label === 1)).toHaveLength(5)
  expect((await loadDataset(path, 'test', { seed: 9 })).images).toEqual(aside!.images)
})

test('grey pictures and colour ones in one folder', async () => {
  const path = put({ 'train/a/1.png': grey(7), 'train/a/2.png': red, 'test/a/1.png': grey(9) })
  const [train, aside] = [await loadDataset(path, 'train', { validationCount: 0 }), await loadDataset(path, 'test')]
  expect([...train.images]).toEqual([...new Array(18).fill(7), ...new Array(6).fill(255), ...new Array(12).fill(0)])
  expect([...aside.images]).toEqual(new Array(18).fill(9))
})

test('one picture in colour makes all of them so', async () => {
  const path = put({ 'train/a/1.png': grey(7), 'train/a/2.png': grey(7), 'test/a/1.png': red })
  const [train, aside] = [await loadDataset(path, 'train', { validationCount: 0 }), await loadDataset(path, 'test')]
  expect([train.shape.channels, aside.shape.channels]).toEqual([3, 3])
  expect([...train.images]).toEqual(new Array(36).fill(7))
  expect([...aside.images.subarray(0, 7)]).toEqual([255, 255, 255, 255, 255, 255, 0])
})

test.each<[string, Record<string, Uint8Array | string>, RegExp]>([
  [
    'another size',
    { 'a/1.png': grey(1), 'b/2.png': grey(1, [4, 4]) },
    /b.2\.png has 4 × 4 pixels, but .*a.1\.png has 3 × 2: make all/,
  ],
  [
    'a text among pictures',
    { 'a/1.png': grey(1), 'a/notes.txt': 'x' },
    /a.notes\.txt is not a picture \(\.png.*\): move it/,
  ],
  ['a picture of another kind', { 'a/1.webp': 'x' }, /a.1\.webp is of a kind that is not read: save it as PNG or JPEG/],
  ['a picture without a class', { 'a/1.png': grey(1), '1.png': grey(1) }, /1\.png is not a folder/],
  ['a folder in a class', { 'a/b/1.png': grey(1) }, /a.b is a folder: the pictures of a class/],
  ['a class without pictures', { 'a/1.png': grey(1), 'b/.keep': '' }, /b holds no pictures/],
  ['no test', { 'train/a/1.png': grey(1) }, /has no test beside train: give it one/],
  [
    'a third part',
    { 'train/a/1.png': grey(1), 'test/a/1.png': grey(1), 'val/a/1.png': grey(1) },
    /val is neither train nor test/,
  ],
  ['something that is called a picture', { 'a/1.png': 'GIF89a' }, /a.1\.png is a GIF: /],
  ['a damaged picture', { 'a/1.png': grey(1).subarray(0, 50) }, /a.1\.png is not a valid PNG: it is cut short$/],
  ['nothing', { '.hidden': '' }, /is empty: put folders of pictures there/],
])('%s is refused', async (_, files, message) => {
  await expect(loadDataset(put(files), 'train')).rejects.toThrow(message)
})

test('a path that is not there says from where it was looked for', async () => {
  await expect(loadDataset('./no-such-photos', 'train')).rejects.toThrow(
    /^there is no data set \.\/no-such-photos \(looked for from /,
  )
  await expect(loadDataset('no-such-photos', 'train')).rejects.toThrow(
    '(your own data is a path, such as ./no-such-photos)',
  )
})
