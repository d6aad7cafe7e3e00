import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { collectGalleries, identifyParts, measureStabilities } from './measure.ts'
import { type TestImages, testImages } from './test-images.ts'
import { dataset, network, smallImages, writeCertificates, writeRun } from '../../report/report.testing.ts'
import { readSubjects } from './subjects.ts'
import { saveNetwork } from '../network-file.ts'
import { temporaryFolder } from '../temporary.testing.ts'

const folder = temporaryFolder()
afterEach(() => vi.unstubAllEnvs())

test('images that are not there are not downloaded, but missed', async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  const fetch = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network in tests'))
  const images = testImages(undefined)
  for (const name of ['mnist', 'cifar10']) {
    expect(await images(name)).toEqual({
      missing: `The test images of ${name} are not here: give their folder by --data.`,
    })
  }
  expect(await images('fashion')).toMatchObject({ missing: expect.stringContaining('fashion') })
  expect(fetch).not.toHaveBeenCalled()
  fetch.mockRestore()
})

test('files that are damaged are not drawn', async () => {
  const data = join(folder, 'data')
  mkdirSync(data)
  for (const file of ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']) writeFileSync(join(data, file), 'x')
  expect(await testImages(data)('mnist')).toMatchObject({ missing: expect.stringContaining('is damaged') })
})

test('synthetic images need no files, and are made once', async () => {
  const images = testImages(undefined)
  const made = await images('synthetic')
  expect(made).toMatchObject({ name: 'synthetic', count: 1000 })
  expect(await images('synthetic')).toBe(made)
})

test('says why there is nothing to show', async () => {
  const run = writeRun(folder, 'run')
  const path = await writeCertificates(join(folder, 'lp.jsonl'), ['clean', 'lp'])
  const [lone] = await measureStabilities(readSubjects([path]), smallImages)
  expect(lone!.stability).toMatchObject({ missing: expect.stringContaining('--network') })

  const wrongImages = async () => ({ ...dataset, classes: 7 })
  const [wrong] = await measureStabilities(readSubjects([run]), wrongImages)
  expect(wrong!.stability).toMatchObject({ missing: expect.stringContaining('of 7') })

  const otherImages = async () => ({ ...dataset, labels: dataset.labels.slice() as unknown as typeof dataset.labels })
  const same = await collectGalleries(readSubjects([path]), otherImages)
  expect(same[0].content).toHaveProperty('gallery')
  const changed = dataset.labels.slice() as unknown as typeof dataset.labels
  changed[0] = (changed[0] + 1) % dataset.classes
  const [other] = await collectGalleries(readSubjects([path]), async () => ({ ...dataset, labels: changed }))
  const parts = async (images: TestImages) => [...(await identifyParts(readSubjects([path]), images)).values()]
  expect(await parts(smallImages)).toEqual(['test'])
  expect(await parts(async () => ({ ...dataset, labels: changed }))).toEqual(['other'])
  expect(await parts(async () => ({ missing: 'away' }))).toEqual([])
  expect(other!.content).toMatchObject({ missing: expect.stringContaining('other images than the test images') })
})

test('lone certificates are measured at their own ε, with the network that is given', async () => {
  const path = await writeCertificates(join(folder, 'own.jsonl'), ['clean', 'lp'])
  const net = join(folder, 'net.safetensors')
  saveNetwork(net, network)
  const [own] = await measureStabilities(readSubjects([path], [net]), smallImages)
  expect(own!.stability).toMatchObject({ epsilon: 0.05, norm: 'linf', images: dataset.count })
})

test('a run whose networks are kept elsewhere is measured with that of its certificates', async () => {
  const run = writeRun(folder, 'kept')
  await writeCertificates(join(run, 'lp.jsonl'), ['clean', 'lp'])
  for (const file of ['best', 'f']) rmSync(join(run, `${file}.safetensors`))
  const [without] = await measureStabilities(readSubjects([run]), smallImages)
  expect(without!.stability).toMatchObject({ missing: expect.stringContaining('--network') })
  const elsewhere = join(folder, 'elsewhere.safetensors')
  saveNetwork(elsewhere, network)
  const [own] = await measureStabilities(readSubjects([run], [elsewhere]), smallImages)
  expect(own!.stability).toMatchObject({ epsilon: 0.05, images: dataset.count })
})
