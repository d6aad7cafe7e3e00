/** A run on a CIFAR-10 of a few images, from its files to a network; the real one's checksums are swapped for theirs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { md5Of, putFiles, tinyCifar10 } from '../data/cifar10.testing.ts'
import { loadNetwork } from '../network-file.ts'
import { trainingOptions } from '../../training/options.ts'
import type { GivenOptions } from '../../training/settings.ts'
import { type RunOptions, resumeRun, trainRun } from './run.ts'
import { stopAfter } from './runs.testing.ts'
import { temporaryFolder } from '../temporary.testing.ts'

const files = tinyCifar10(5)
vi.mock('../../data/cifar10.ts', async (original) => {
  const { cifar10 } = await original<typeof import('../../data/cifar10.ts')>()
  const ours: typeof cifar10 = {
    ...cifar10,
    get md5() {
      return md5Of(files)
    },
  }
  return { cifar10: ours }
})

const folder = temporaryFolder()
beforeAll(() => {
  putFiles(join(folder, 'data', 'cifar-10-batches-bin'), files)
})

const small: GivenOptions = { trainingCount: 12, validationCount: 4, batchSize: 6 }
const runIn = (name: string, run: Partial<RunOptions> = {}): RunOptions => ({
  ...{ out: join(folder, name), workers: 2, dataDirectory: join(folder, 'data') },
  ...run,
})

test.each(['natural', 'interval', 'lp-dual', 'robustra'] as const)(
  'an epoch of %s by the paper’s protocol',
  async (method) => {
    const options = trainingOptions({ ...small, method, epochs: 1 }, 'paper-cifar10-2')
    const { networks, reports } = await trainRun(options, runIn(method))
    expect(reports.every(({ loss }) => Number.isFinite(loss))).toBe(true)
    expect(reports.at(-1)).toMatchObject({ epoch: 1, epsilon: 2 / 255, learningRate: 0.001 })
    const { network } = loadNetwork(networks[0].path)
    expect(network.architecture).toMatchObject({ name: 'cifar10-small', input: { channels: 3, height: 32, width: 32 } })
    expect([...network.parameters]).toEqual([...networks[0].network.parameters])
  },
  60_000,
)

test('stopped and resumed, images are changed as if it had never stopped', async () => {
  const options = trainingOptions({ ...small, method: 'natural', epochs: 3 }, 'paper-cifar10-8')
  expect(options.augment).toBe('flip-crop')
  const whole = await trainRun(options, runIn('whole'))
  await expect(trainRun(options, runIn('stopped', stopAfter(2)))).rejects.toThrow('stopped by the test')
  await resumeRun(runIn('stopped', { workers: 1 }))
  const bytes = (name: string) => readFileSync(join(folder, name, 'f.safetensors'))
  expect(bytes('stopped').equals(bytes('whole'))).toBe(true)
  const losses = whole.reports.map(({ loss }) => loss)
  expect(new Set(losses).size).toBe(3)
})
