/** Files that are published one by one, as MNIST's are. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { kmnist } from '../../data/mnist-like.ts'
import { mnist } from '../../data/mnist.ts'
import { md5Of } from './cifar10.testing.ts'
import { loadPublished } from './load-dataset.ts'
import { closeMirrors, useFolders, withMirror } from './mirror.testing.ts'
import { downloadFiles, verifyFiles } from './published-files.ts'

/** Three training and two test images of 2 × 2 pixels. */
const files: Record<string, Uint8Array> = {
  'train-images-idx3-ubyte': Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, ...Array(12).keys()]),
  'train-labels-idx1-ubyte': Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]),
  't10k-images-idx3-ubyte': Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, ...Array(8).keys()]),
  't10k-labels-idx1-ubyte': Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 2]),
}
const md5 = md5Of(files)
const offline = { ...mnist, md5, mirrors: [] }

const at = useFolders('mnist')
afterEach(closeMirrors)

/** Puts the files into a folder, compressed or not. */
function fill(directory: string, isCompressed: boolean): void {
  mkdirSync(directory, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(join(directory, isCompressed ? `${name}.gz` : name), isCompressed ? gzipSync(bytes) : bytes)
  }
}

const compressed = (file: string) => gzipSync(files[file.replace('.gz', '')])

describe('loading', () => {
  test.each([
    ['the folder', () => at.folder, false],
    ['the folder, compressed', () => at.folder, true],
    ["the folder's subfolder", () => join(at.folder, 'mnist'), true],
    ['the cache', () => at.cache, true],
  ])('finds the files in %s', async (_, directory, compressed) => {
    fill(directory(), compressed)
    const train = await loadPublished(offline, 'train', { dataDirectory: at.folder })
    expect(train).toMatchObject({ name: 'mnist', shape: { channels: 1, height: 2, width: 2 }, classes: 10, count: 3 })
    expect(train.images.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect([...train.images]).toEqual([...Array(12).keys()])
    expect([...train.labels]).toEqual([5, 0, 4])
    const test = await loadPublished(offline, 'test', { dataDirectory: at.folder })
    expect([...test.labels]).toEqual([7, 2])
  })

  test('downloads into the cache what is nowhere, once', async () => {
    const { source, requests } = await withMirror(offline, compressed)
    const seen: string[] = []
    await loadPublished(source, 'test', { onProgress: ({ file }) => seen.push(file) })
    await loadPublished(source, 'test', {})
    expect(requests).toEqual(['/t10k-images-idx3-ubyte.gz', '/t10k-labels-idx1-ubyte.gz'])
    expect(new Set(seen)).toEqual(new Set(['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz']))
    expect(readdirSync(at.cache).toSorted()).toEqual(['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'])
  })

  test('offline, says which files belong where', async () => {
    await expect(loadPublished(offline, 'train', {})).rejects.toThrow(
      'cannot download train-images-idx3-ubyte.gz (no mirrors). Put train-images-idx3-ubyte, ' +
        'train-labels-idx1-ubyte, t10k-images-idx3-ubyte, ' +
        't10k-labels-idx1-ubyte (each as it is or as .gz) into a folder',
    )
  })

  test('refuses damaged files by name, even when they could be downloaded', async () => {
    const { source, requests } = await withMirror(offline, compressed)
    fill(at.folder, false)
    const path = join(at.folder, 't10k-labels-idx1-ubyte')
    writeFileSync(path, Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]))
    await expect(loadPublished(source, 'test', { dataDirectory: at.folder })).rejects.toThrow(
      `${path} is damaged, or is not`,
    )
    writeFileSync(path, gzipSync(files['t10k-labels-idx1-ubyte']).subarray(0, -3))
    await expect(loadPublished(source, 'test', { dataDirectory: at.folder })).rejects.toThrow(
      `${path} cannot be uncompressed`,
    )
    expect(requests).toEqual([])
  })

  test('refuses and does not keep a wrong download', async () => {
    const { source } = await withMirror(offline, () => new TextEncoder().encode('<html>sign in to the network</html>'))
    await expect(loadPublished(source, 'train', {})).rejects.toThrow('sent something else, or only a part')
    expect(readdirSync(at.cache)).toEqual([])
  })

  test('names a folder that does not exist or is a file, and a cache that cannot be made', async () => {
    const missing = join(at.root, 'missing')
    await expect(loadPublished(offline, 'train', { dataDirectory: missing })).rejects.toThrow(
      `no data folder ${missing}`,
    )
    writeFileSync(missing, '')
    await expect(loadPublished(offline, 'train', { dataDirectory: missing })).rejects.toThrow('is not a folder')
    writeFileSync(join(at.root, 'robustra'), '')
    await expect(loadPublished(offline, 'train', {})).rejects.toThrow(`cannot make the folder ${at.cache}`)
  })
})

test('verifying tells sound, damaged and missing files apart', () => {
  const [images, labels, testImages, testLabels] = Object.keys(files) as [string, string, string, string]
  fill(at.folder, false)
  rmSync(join(at.folder, labels))
  writeFileSync(join(at.folder, testImages), 'damaged')
  writeFileSync(join(at.folder, testLabels), Uint8Array.from([0x1f, 0x8b, 0]))
  expect(verifyFiles(at.folder, offline)).toEqual([
    { file: images, path: join(at.folder, images), status: 'ok', md5: md5[images] },
    { file: labels, path: undefined, status: 'missing', md5: undefined },
    {
      file: testImages,
      path: join(at.folder, testImages),
      status: 'corrupt',
      md5: expect.stringMatching(/^[0-9a-f]{32}$/),
    },
    { file: testLabels, path: join(at.folder, testLabels), status: 'corrupt', md5: undefined },
  ])
  expect(verifyFiles(undefined, offline).map(({ status }) => status)).toEqual(Array(4).fill('missing'))
})

describe('downloading', () => {
  test('fetches what is missing or damaged, and nothing else', async () => {
    const { source, requests } = await withMirror(offline, compressed)
    const made = join(at.folder, 'new', 'folder')
    expect((await downloadFiles(made, undefined, source)).map(({ status }) => status)).toEqual(Array(4).fill('ok'))
    writeFileSync(join(made, 'train-labels-idx1-ubyte.gz'), 'damaged')
    await downloadFiles(made, undefined, source)
    expect(requests.slice(4)).toEqual(['/train-labels-idx1-ubyte.gz'])
    expect(verifyFiles(made, source).every(({ status }) => status === 'ok')).toBe(true)
  })

  test('does not touch a damaged file that it has not made', async () => {
    const { source } = await withMirror(offline, compressed)
    const path = join(at.folder, 'train-images-idx3-ubyte')
    writeFileSync(path, 'damaged')
    await expect(downloadFiles(at.folder, undefined, source)).rejects.toThrow(`${path} is damaged`)
    expect(readFileSync(path, 'utf8')).toBe('damaged')
  })
})

const real = join(import.meta.dirname, '../../../../shared/data/mnist')
describe.runIf(existsSync(real))('the real files', () => {
  test('are verified and loaded', async () => {
    expect(verifyFiles(real, mnist).map(({ status }) => status)).toEqual(Array(4).fill('ok'))
    const test = await loadPublished(mnist, 'test', { dataDirectory: real })
    expect(test).toMatchObject({ count: 10000, shape: { channels: 1, height: 28, width: 28 } })
    expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4])
    expect(test.images.length).toBe(10000 * 784)
    const train = await loadPublished(mnist, 'train', { dataDirectory: real })
    expect(train.count).toBe(60000)
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9])
  })
})

describe('files that are known as they are published', () => {
  const packed = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]))
  const source = { ...kmnist, md5: md5Of(packed), mirrors: [] }

  test('are compared, kept and downloaded so', async () => {
    const { source: mirrored, requests } = await withMirror(source, (file) => packed[file]!)
    const { images, labels } = await loadPublished(mirrored, 'test', {})
    expect([...images]).toEqual([...Array(8).keys()])
    expect([...labels]).toEqual([7, 2])
    expect(requests).toEqual(['/t10k-images-idx3-ubyte.gz', '/t10k-labels-idx1-ubyte.gz'])
    expect(verifyFiles(undefined, source).map(({ status }) => status)).toEqual(['missing', 'missing', 'ok', 'ok'])
  })

  test('are not taken uncompressed, for which there is no checksum', async () => {
    fill(at.folder, false)
    await expect(loadPublished(source, 'test', { dataDirectory: at.folder })).rejects.toThrow(
      /Put train-images-idx3-ubyte\.gz, .*t10k-labels-idx1-ubyte\.gz into a folder$/,
    )
  })
})
