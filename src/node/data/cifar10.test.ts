import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { downloadCifar10, loadCifar10, verifyCifar10 } from './cifar10.ts'
import { archiveOf, putFiles, sourceOf, tinyCifar10 } from './cifar10.testing.ts'

const files = tinyCifar10(2)
const names = Object.keys(files)
const { 'test_batch.bin': _, ...withoutTest } = files
const offline = sourceOf(files)
const archiveName = 'cifar-10-binary.tar.gz'
const batches = 'cifar-10-batches-bin'

let root: string
let folder: string
let cache: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'robustra-'))
  folder = join(root, 'data')
  mkdirSync(folder)
  vi.stubEnv('XDG_CACHE_HOME', root)
  vi.stubEnv('LOCALAPPDATA', root)
  cache = join(root, 'robustra', 'cifar10')
})
const close: (() => void)[] = []
afterEach(() => {
  vi.unstubAllEnvs()
  close.splice(0).forEach((run) => run())
  rmSync(root, { recursive: true })
})

/** A source whose only mirror is a server on this machine. */
async function online(sent: Uint8Array = archiveOf(files)) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url!)
    response.end(sent)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { source: { ...offline, mirrors: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`] }, requests }
}

async function expectLoaded(): Promise<void> {
  const train = await loadCifar10('train', { dataDirectory: folder }, offline)
  expect(train).toMatchObject({
    name: 'cifar10',
    shape: { channels: 3, height: 32, width: 32 },
    classes: 10,
    count: 10,
  })
  expect(train.images.buffer).toBeInstanceOf(SharedArrayBuffer)
  const records = names.slice(0, 5).flatMap((name) => [files[name].subarray(0, 3073), files[name].subarray(3073)])
  expect([...train.labels]).toEqual(records.map((record) => record[0]))
  expect(Buffer.from(train.images).equals(Buffer.concat(records.map((record) => record.subarray(1))))).toBe(true)
  const test = await loadCifar10('test', { dataDirectory: folder }, offline)
  expect([test.count, ...test.labels]).toEqual([2, files['test_batch.bin'][0], files['test_batch.bin'][3073]])
}

describe('loading', () => {
  test.each([
    ['the folder', () => folder],
    ["the archive's folder", () => join(folder, batches)],
    ["the data set's folder", () => join(folder, 'cifar10')],
    ["the archive's folder in the data set's", () => join(folder, 'cifar10', batches)],
    ['the cache', () => join(cache, batches)],
  ])('finds the files in %s', async (_, directory) => {
    putFiles(directory(), files)
    await expectLoaded()
  })

  test('finds compressed files', async () => {
    putFiles(folder, Object.fromEntries(names.map((name) => [`${name}.gz`, files[name]])), gzipSync)
    await expectLoaded()
  })

  test.each([
    ['the folder', () => folder],
    ["the data set's folder", () => join(folder, 'cifar10')],
    ['the cache', () => cache],
  ])('reads the archive as it was published in %s', async (_, directory) => {
    putFiles(directory(), { [archiveName]: archiveOf(files) })
    await expectLoaded()
  })

  test('downloads the archive into the cache, once, and unpacks what is needed of it', async () => {
    const { source, requests } = await online()
    const seen: string[] = []
    const options = { onProgress: ({ file }: { file: string }) => seen.push(file) }
    const first = await loadCifar10('test', options, source)
    expect(await loadCifar10('test', {}, source)).toEqual(first)
    expect((await loadCifar10('train', {}, source)).count).toBe(10)
    expect(requests).toEqual([`/${archiveName}`])
    expect(new Set(seen)).toEqual(new Set([archiveName]))
    expect(readdirSync(cache)).toEqual([batches])
    expect(readdirSync(join(cache, batches)).toSorted()).toEqual(names.toSorted())
  })

  test('offline, says what belongs where', async () => {
    await expect(loadCifar10('train', {}, offline)).rejects.toThrow(
      `cannot download ${archiveName} (no mirrors). Put ${archiveName}, or data_batch_1.bin, data_batch_2.bin, ` +
        'data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin (each as it is or as .gz) into a folder ' +
        'DIR and give --data DIR',
    )
  })

  test('refuses damaged files by name, even when they could be downloaded', async () => {
    const { source, requests } = await online()
    const load = () => loadCifar10('train', { dataDirectory: folder }, source)
    putFiles(folder, files)
    const path = join(folder, 'data_batch_4.bin')
    const flipped = files['data_batch_4.bin'].slice()
    flipped[5000] ^= 1
    writeFileSync(path, flipped)
    await expect(load()).rejects.toThrow(`${path} is damaged, or is not CIFAR-10's data_batch_4.bin: its md5 is`)
    writeFileSync(path, gzipSync(flipped).subarray(0, -3))
    await expect(load()).rejects.toThrow(`${path} cannot be uncompressed`)
    expect(requests).toEqual([])
  })

  test('refuses damaged archives', async () => {
    const path = join(folder, archiveName)
    const refused = async (bytes: Uint8Array, message: string) => {
      writeFileSync(path, bytes)
      await expect(loadCifar10('test', { dataDirectory: folder }, offline)).rejects.toThrow(message)
    }
    await refused(archiveOf(files).subarray(0, 1000), `${path} cannot be uncompressed`)
    await refused(gzipSync('not a tar archive, but long enough for one'.repeat(20)), `${path} is no tar archive`)
    await refused(archiveOf({ 'data_batch_1.bin': files['data_batch_1.bin'] }), `${path} does not hold test_batch.bin`)
    await refused(
      archiveOf({ ...files, 'test_batch.bin': new Uint8Array(3073) }),
      `test_batch.bin in ${path} is damaged, or is not CIFAR-10's test_batch.bin: its md5 is`,
    )
  })

  test.each([
    ['no archive', () => new TextEncoder().encode('<html>sign in to the network</html>')],
    ['a part of it', () => archiveOf(files).subarray(0, 3000)],
    ['an archive without the test images', () => archiveOf(withoutTest)],
    ['other images', () => archiveOf({ ...files, 'test_batch.bin': files['data_batch_1.bin'] })],
  ])('refuses and does not keep a download that is %s', async (_, sent) => {
    const { source } = await online(sent())
    await expect(loadCifar10('train', {}, source)).rejects.toThrow('sent something else, or only a part')
    expect(readdirSync(join(cache, batches))).toEqual([])
  })

  test('names a folder that is none, and a cache that cannot be made', async () => {
    const missing = join(root, 'missing')
    const load = () => loadCifar10('train', { dataDirectory: missing }, offline)
    await expect(load()).rejects.toThrow(`no data folder ${missing}`)
    writeFileSync(missing, '')
    await expect(load()).rejects.toThrow('is not a folder')
    writeFileSync(join(root, 'robustra'), '')
    await expect(loadCifar10('train', {}, offline)).rejects.toThrow(`cannot create ${join(cache, batches)}`)
  })
})

describe('verifying', () => {
  test('tells sound, damaged and missing files apart', () => {
    putFiles(folder, files)
    rmSync(join(folder, names[1]))
    writeFileSync(join(folder, names[2]), 'damaged')
    writeFileSync(join(folder, names[3]), Uint8Array.from([0x1f, 0x8b, 0]))
    const found = verifyCifar10(folder, offline)
    expect(found.map(({ status }) => status)).toEqual(['ok', 'missing', 'corrupt', 'corrupt', 'ok', 'ok'])
    expect(found[0]).toEqual({
      file: names[0],
      path: join(folder, names[0]),
      status: 'ok',
      md5: offline.md5[names[0]],
    })
    expect([found[1].path, found[3].md5]).toEqual([undefined, undefined])
    expect(verifyCifar10(undefined, offline).map(({ status }) => status)).toEqual(Array(6).fill('missing'))
  })

  test('looks into an archive', () => {
    putFiles(folder, { [archiveName]: archiveOf({ ...files, 'data_batch_2.bin': new Uint8Array(3073) }) })
    const found = verifyCifar10(folder, offline)
    expect(found.map(({ status }) => status)).toEqual(['ok', 'corrupt', 'ok', 'ok', 'ok', 'ok'])
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set([join(folder, archiveName)]))
  })
})

describe('downloading', () => {
  test('fetches the archive if anything is missing or damaged', async () => {
    const { source, requests } = await online()
    const made = join(folder, 'new', 'folder')
    const all = Array(6).fill('ok')
    expect((await downloadCifar10(made, undefined, source)).map(({ status }) => status)).toEqual(all)
    expect((await downloadCifar10(made, undefined, source)).map(({ status }) => status)).toEqual(all)
    expect(requests).toHaveLength(1)
    writeFileSync(join(made, batches, names[0]), 'damaged')
    rmSync(join(made, batches, names[4]))
    expect((await downloadCifar10(made, undefined, source)).map(({ status }) => status)).toEqual(all)
    expect(requests).toHaveLength(2)
    expect(verifyCifar10(made, source).map(({ status }) => status)).toEqual(all)
  })

  test.each([archiveName, 'data_batch_3.bin'])('does not touch a damaged %s that it has not made', async (name) => {
    const { source, requests } = await online()
    writeFileSync(join(folder, name), 'damaged')
    await expect(downloadCifar10(folder, undefined, source)).rejects.toThrow(join(folder, name))
    expect(readFileSync(join(folder, name), 'utf8')).toBe('damaged')
    expect(requests).toEqual([])
  })
})

const unpack = join(import.meta.dirname, '../../../../shared/data/unpack-cifar10.mjs')
/** Kept, since unpacking takes ten seconds. */
const real = join(import.meta.dirname, '../../build/data')
describe.runIf(existsSync(unpack))('the real files', () => {
  test('are verified and loaded', async () => {
    if (!existsSync(join(real, batches, 'batches.meta.txt'))) execFileSync(process.execPath, [unpack, real])
    expect(verifyCifar10(real).map(({ status }) => status)).toEqual(Array(6).fill('ok'))
    const test = await loadCifar10('test', { dataDirectory: real })
    expect(test).toMatchObject({ count: 10000, shape: { channels: 3, height: 32, width: 32 } })
    expect([...test.labels.subarray(0, 5)]).toEqual([3, 8, 8, 0, 6])
    const train = await loadCifar10('train', { dataDirectory: real })
    expect([train.count, ...train.labels.subarray(0, 5)]).toEqual([50000, 6, 9, 9, 4, 1])
    expect(train.labels.filter((label) => label === 3)).toHaveLength(5000)
  })
})
