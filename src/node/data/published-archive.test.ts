/** Files that are published as one archive, as CIFAR-10's are. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { cifar10 } from '../../data/cifar10.ts'
import { archiveOf, putFiles, sourceOf, tinyCifar10 } from './cifar10.testing.ts'
import { loadPublished } from './load-dataset.ts'
import { closeMirrors, useFolders, withMirror } from './mirror.testing.ts'
import { downloadFiles, verifyFiles } from './published-files.ts'

const files = tinyCifar10(2)
const names = Object.keys(files)
const { 'test_batch.bin': _, ...withoutTest } = files
const offline = sourceOf(files)
const archiveName = 'cifar-10-binary.tar.gz'
const batches = 'cifar-10-batches-bin'

const at = useFolders('cifar10')
afterEach(closeMirrors)

const online = (sent = archiveOf(files)) => withMirror(offline, () => sent)

async function expectLoaded(): Promise<void> {
  const train = await loadPublished(offline, 'train', { dataDirectory: at.folder })
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
  const test = await loadPublished(offline, 'test', { dataDirectory: at.folder })
  expect([test.count, ...test.labels]).toEqual([2, files['test_batch.bin'][0], files['test_batch.bin'][3073]])
}

describe('loading', () => {
  test.each([
    ['the folder', () => at.folder],
    ["the archive's folder", () => join(at.folder, batches)],
    ["the data set's folder", () => join(at.folder, 'cifar10')],
    ["the archive's folder in the data set's", () => join(at.folder, 'cifar10', batches)],
    ['the cache', () => join(at.cache, batches)],
  ])('finds the files in %s', async (_, directory) => {
    putFiles(directory(), files)
    await expectLoaded()
  })

  test('finds compressed files', async () => {
    putFiles(at.folder, Object.fromEntries(names.map((name) => [`${name}.gz`, files[name]])), gzipSync)
    await expectLoaded()
  })

  test.each([
    ['the folder', () => at.folder],
    ["the data set's folder", () => join(at.folder, 'cifar10')],
    ['the cache', () => at.cache],
  ])('reads the archive as it was published in %s', async (_, directory) => {
    putFiles(directory(), { [archiveName]: archiveOf(files) })
    await expectLoaded()
  })

  test('downloads the archive into the cache, once, and unpacks what is needed of it', async () => {
    const { source, requests } = await online()
    const seen: string[] = []
    const options = { onProgress: ({ file }: { file: string }) => seen.push(file) }
    const first = await loadPublished(source, 'test', options)
    expect(await loadPublished(source, 'test', {})).toEqual(first)
    expect((await loadPublished(source, 'train', {})).count).toBe(10)
    expect(requests).toEqual([`/${archiveName}`])
    expect(new Set(seen)).toEqual(new Set([archiveName]))
    expect(readdirSync(at.cache)).toEqual([batches])
    expect(readdirSync(join(at.cache, batches)).toSorted()).toEqual(names.toSorted())
  })

  test('offline, says what belongs where', async () => {
    await expect(loadPublished(offline, 'train', {})).rejects.toThrow(
      `cannot download ${archiveName} (no mirrors). Put ${archiveName}, or data_batch_1.bin, data_batch_2.bin, ` +
        'data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin (each as it is or as .gz) into a folder',
    )
  })

  test('refuses damaged files by name, even when they could be downloaded', async () => {
    const { source, requests } = await online()
    const load = () => loadPublished(source, 'train', { dataDirectory: at.folder })
    putFiles(at.folder, files)
    const path = join(at.folder, 'data_batch_4.bin')
    const flipped = files['data_batch_4.bin'].slice()
    flipped[5000] ^= 1
    writeFileSync(path, flipped)
    await expect(load()).rejects.toThrow(`${path} is damaged, or is not CIFAR-10's data_batch_4.bin: its md5 is`)
    writeFileSync(path, gzipSync(flipped).subarray(0, -3))
    await expect(load()).rejects.toThrow(`${path} cannot be uncompressed`)
    expect(requests).toEqual([])
  })

  test('refuses damaged archives', async () => {
    const path = join(at.folder, archiveName)
    const refused = async (bytes: Uint8Array, message: string) => {
      writeFileSync(path, bytes)
      await expect(loadPublished(offline, 'test', { dataDirectory: at.folder })).rejects.toThrow(message)
    }
    await refused(archiveOf(files).subarray(0, 1000), `${path} cannot be uncompressed`)
    await refused(gzipSync('not a tar archive, but long enough for one'.repeat(20)), `${path} is not a tar archive`)
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
    await expect(loadPublished(source, 'train', {})).rejects.toThrow('sent something else, or only a part')
    expect(readdirSync(join(at.cache, batches))).toEqual([])
  })

  test('names a folder that does not exist or is a file, and a cache that cannot be made', async () => {
    const missing = join(at.root, 'missing')
    const load = () => loadPublished(offline, 'train', { dataDirectory: missing })
    await expect(load()).rejects.toThrow(`no data folder ${missing}`)
    writeFileSync(missing, '')
    await expect(load()).rejects.toThrow('is not a folder')
    writeFileSync(join(at.root, 'robustra'), '')
    await expect(loadPublished(offline, 'train', {})).rejects.toThrow(`cannot make the folder ${at.cache}`)
  })
})

describe('verifying', () => {
  test('tells sound, damaged and missing files apart', () => {
    putFiles(at.folder, files)
    rmSync(join(at.folder, names[1]))
    writeFileSync(join(at.folder, names[2]), 'damaged')
    writeFileSync(join(at.folder, names[3]), Uint8Array.from([0x1f, 0x8b, 0]))
    const found = verifyFiles(at.folder, offline)
    expect(found.map(({ status }) => status)).toEqual(['ok', 'missing', 'corrupt', 'corrupt', 'ok', 'ok'])
    expect(found[0]).toEqual({
      file: names[0],
      path: join(at.folder, names[0]),
      status: 'ok',
      md5: offline.md5[names[0]],
    })
    expect([found[1].path, found[3].md5]).toEqual([undefined, undefined])
    expect(verifyFiles(undefined, offline).map(({ status }) => status)).toEqual(Array(6).fill('missing'))
  })

  test('looks into an archive', () => {
    putFiles(at.folder, { [archiveName]: archiveOf({ ...files, 'data_batch_2.bin': new Uint8Array(3073) }) })
    const found = verifyFiles(at.folder, offline)
    expect(found.map(({ status }) => status)).toEqual(['ok', 'corrupt', 'ok', 'ok', 'ok', 'ok'])
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set([join(at.folder, archiveName)]))
  })
})

describe('downloading', () => {
  test('fetches the archive if anything is missing or damaged', async () => {
    const { source, requests } = await online()
    const made = join(at.folder, 'new', 'folder')
    const all = Array(6).fill('ok')
    expect((await downloadFiles(made, undefined, source)).map(({ status }) => status)).toEqual(all)
    expect((await downloadFiles(made, undefined, source)).map(({ status }) => status)).toEqual(all)
    expect(requests).toHaveLength(1)
    writeFileSync(join(made, batches, names[0]), 'damaged')
    rmSync(join(made, batches, names[4]))
    expect((await downloadFiles(made, undefined, source)).map(({ status }) => status)).toEqual(all)
    expect(requests).toHaveLength(2)
    expect(verifyFiles(made, source).map(({ status }) => status)).toEqual(all)
  })

  test.each([archiveName, 'data_batch_3.bin'])('does not touch a damaged %s that it has not made', async (name) => {
    const { source, requests } = await online()
    writeFileSync(join(at.folder, name), 'damaged')
    await expect(downloadFiles(at.folder, undefined, source)).rejects.toThrow(join(at.folder, name))
    expect(readFileSync(join(at.folder, name), 'utf8')).toBe('damaged')
    expect(requests).toEqual([])
  })
})

const unpack = join(import.meta.dirname, '../../../../shared/data/unpack-cifar10.mjs')
/** Kept, since unpacking takes ten seconds. */
const real = join(import.meta.dirname, '../../../build/data')
describe.runIf(existsSync(unpack))('the real files', () => {
  test('are verified and loaded', async () => {
    if (!existsSync(join(real, batches, 'batches.meta.txt'))) execFileSync(process.execPath, [unpack, real])
    expect(verifyFiles(real, cifar10).map(({ status }) => status)).toEqual(Array(6).fill('ok'))
    const test = await loadPublished(cifar10, 'test', { dataDirectory: real })
    expect(test).toMatchObject({ count: 10000, shape: { channels: 3, height: 32, width: 32 } })
    expect([...test.labels.subarray(0, 5)]).toEqual([3, 8, 8, 0, 6])
    const train = await loadPublished(cifar10, 'train', { dataDirectory: real })
    expect([train.count, ...train.labels.subarray(0, 5)]).toEqual([50000, 6, 9, 9, 4, 1])
    expect(train.labels.filter((label) => label === 3)).toHaveLength(5000)
  })
})
