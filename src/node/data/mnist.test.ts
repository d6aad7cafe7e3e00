import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { downloadMnist, loadMnist, mnistSource, verifyMnist } from './mnist.ts'
import type { PublishedFiles } from './published-files.ts'

/** Three training and two test images of 2 × 2 pixels. */
const files: Record<string, Uint8Array> = {
  'train-images-idx3-ubyte': Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, ...Array(12).keys()]),
  'train-labels-idx1-ubyte': Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]),
  't10k-images-idx3-ubyte': Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, ...Array(8).keys()]),
  't10k-labels-idx1-ubyte': Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 2]),
}
const md5 = Object.fromEntries(
  Object.entries(files).map(([name, bytes]) => [name, createHash('md5').update(bytes).digest('hex')]),
)

let root: string
let folder: string
let cache: string
let offline: PublishedFiles
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'robustra-'))
  folder = join(root, 'data')
  mkdirSync(folder)
  vi.stubEnv('XDG_CACHE_HOME', root)
  vi.stubEnv('LOCALAPPDATA', root)
  cache = join(root, 'robustra', 'mnist')
  offline = { ...mnistSource, md5, mirrors: [] }
})
const close: (() => void)[] = []
afterEach(() => {
  vi.unstubAllEnvs()
  close.splice(0).forEach((run) => run())
  rmSync(root, { recursive: true })
})

/** Puts the files into a folder, compressed or not. */
function fill(directory: string, compressed: boolean): void {
  mkdirSync(directory, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(join(directory, compressed ? `${name}.gz` : name), compressed ? gzipSync(bytes) : bytes)
  }
}

/** A source whose only mirror is a server on this machine. */
async function online(serve: (name: string) => Uint8Array = (name) => gzipSync(files[name])) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url!)
    response.end(serve(request.url!.slice(1).replace('.gz', '')))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const source = { ...offline, mirrors: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`] }
  return { source, requests }
}

describe('loading', () => {
  test.each([
    ['the folder', () => folder, false],
    ['the folder, compressed', () => folder, true],
    ["the folder's subfolder", () => join(folder, 'mnist'), true],
    ['the cache', () => cache, true],
  ])('finds the files in %s', async (_, directory, compressed) => {
    fill(directory(), compressed)
    const train = await loadMnist('train', { dataDirectory: folder }, offline)
    expect(train).toMatchObject({ name: 'mnist', shape: { channels: 1, height: 2, width: 2 }, classes: 10, count: 3 })
    expect(train.images.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect([...train.images]).toEqual([...Array(12).keys()])
    expect([...train.labels]).toEqual([5, 0, 4])
    const test = await loadMnist('test', { dataDirectory: folder }, offline)
    expect([...test.labels]).toEqual([7, 2])
  })

  test('downloads into the cache what is nowhere, once', async () => {
    const { source, requests } = await online()
    const seen: string[] = []
    await loadMnist('test', { onProgress: ({ file }) => seen.push(file) }, source)
    await loadMnist('test', {}, source)
    expect(requests).toEqual(['/t10k-images-idx3-ubyte.gz', '/t10k-labels-idx1-ubyte.gz'])
    expect(new Set(seen)).toEqual(new Set(['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz']))
    expect(readdirSync(cache).toSorted()).toEqual(['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'])
  })

  test('offline, says which files belong where', async () => {
    await expect(loadMnist('train', {}, offline)).rejects.toThrow(
      'cannot download train-images-idx3-ubyte.gz (no mirrors). Put train-images-idx3-ubyte, ' +
        'train-labels-idx1-ubyte, t10k-images-idx3-ubyte, ' +
        't10k-labels-idx1-ubyte (each as it is or as .gz) into a folder DIR and give --data DIR',
    )
  })

  test('refuses damaged files by name, even when they could be downloaded', async () => {
    const { source, requests } = await online()
    fill(folder, false)
    const path = join(folder, 't10k-labels-idx1-ubyte')
    writeFileSync(path, Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]))
    await expect(loadMnist('test', { dataDirectory: folder }, source)).rejects.toThrow(`${path} is damaged, or is not`)
    writeFileSync(path, gzipSync(files['t10k-labels-idx1-ubyte']).subarray(0, -3))
    await expect(loadMnist('test', { dataDirectory: folder }, source)).rejects.toThrow(`${path} cannot be uncompressed`)
    expect(requests).toEqual([])
  })

  test('refuses and does not keep a wrong download', async () => {
    const { source } = await online(() => new TextEncoder().encode('<html>sign in to the network</html>'))
    await expect(loadMnist('train', {}, source)).rejects.toThrow('sent something else, or only a part')
    expect(readdirSync(cache)).toEqual([])
  })

  test('names a folder that is none, and a cache that cannot be made', async () => {
    const missing = join(root, 'missing')
    await expect(loadMnist('train', { dataDirectory: missing }, offline)).rejects.toThrow(`no data folder ${missing}`)
    writeFileSync(missing, '')
    await expect(loadMnist('train', { dataDirectory: missing }, offline)).rejects.toThrow('is not a folder')
    writeFileSync(join(root, 'robustra'), '')
    await expect(loadMnist('train', {}, offline)).rejects.toThrow(`cannot create ${cache}`)
  })
})

test('verifying tells sound, damaged and missing files apart', () => {
  const [images, labels, testImages, testLabels] = Object.keys(files) as [string, string, string, string]
  fill(folder, false)
  rmSync(join(folder, labels))
  writeFileSync(join(folder, testImages), 'damaged')
  writeFileSync(join(folder, testLabels), Uint8Array.from([0x1f, 0x8b, 0]))
  expect(verifyMnist(folder, offline)).toEqual([
    { file: images, path: join(folder, images), status: 'ok', md5: md5[images] },
    { file: labels, path: undefined, status: 'missing', md5: undefined },
    {
      file: testImages,
      path: join(folder, testImages),
      status: 'corrupt',
      md5: expect.stringMatching(/^[0-9a-f]{32}$/),
    },
    { file: testLabels, path: join(folder, testLabels), status: 'corrupt', md5: undefined },
  ])
  expect(verifyMnist(undefined, offline).map(({ status }) => status)).toEqual(Array(4).fill('missing'))
})

describe('downloading', () => {
  test('fetches what is missing or damaged, and nothing else', async () => {
    const { source, requests } = await online()
    const made = join(folder, 'new', 'folder')
    expect((await downloadMnist(made, undefined, source)).map(({ status }) => status)).toEqual(Array(4).fill('ok'))
    writeFileSync(join(made, 'train-labels-idx1-ubyte.gz'), 'damaged')
    await downloadMnist(made, undefined, source)
    expect(requests.slice(4)).toEqual(['/train-labels-idx1-ubyte.gz'])
    expect(verifyMnist(made, source).every(({ status }) => status === 'ok')).toBe(true)
  })

  test('does not touch a damaged file that it has not made', async () => {
    const { source } = await online()
    const path = join(folder, 'train-images-idx3-ubyte')
    writeFileSync(path, 'damaged')
    await expect(downloadMnist(folder, undefined, source)).rejects.toThrow(`${path} is damaged`)
    expect(readFileSync(path, 'utf8')).toBe('damaged')
  })
})

const real = join(import.meta.dirname, '../../../../shared/data/mnist')
describe.runIf(existsSync(real))('the real files', () => {
  test('are verified and loaded', async () => {
    expect(verifyMnist(real).map(({ status }) => status)).toEqual(Array(4).fill('ok'))
    const test = await loadMnist('test', { dataDirectory: real })
    expect(test).toMatchObject({ count: 10000, shape: { channels: 1, height: 28, width: 28 } })
    expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4])
    expect(test.images.length).toBe(10000 * 784)
    const train = await loadMnist('train', { dataDirectory: real })
    expect(train.count).toBe(60000)
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9])
  })
})
