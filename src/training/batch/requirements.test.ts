import { expect, test } from 'vitest'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import type { GivenOptions } from '../settings.ts'
import { tinyData, tinyOptions } from '../tiny.testing.ts'
import { train } from '../train.ts'
import { obstacle } from './requirements.ts'

test.each<[GivenOptions, RegExp]>([
  [{ method: 'taps', attackedLayers: 1 }, /^method taps is not there on GPUs$/],
  [{ method: 'orthogonal' }, /^method orthogonal is not there on GPUs$/],
  [{ method: 'natural', norm: 'l1' }, /^norm l1 is not there on GPUs$/],
  [{ method: 'interval', norm: 'l2' }, /^method interval is not there on GPUs in norm l2$/],
])('a GPU refuses %j', (given, line) => {
  expect(obstacle(tinyOptions(given))).toMatch(line)
})

test('what it can train is not refused', () => {
  expect(obstacle(tinyOptions({ method: 'natural' }))).toBeUndefined()
})

test('training refuses before it touches the GPU', async () => {
  const epochs = train(tinyOptions({ method: 'taps' }), tinyData, { gpu: {} as Gpu })
  await expect(epochs.next()).rejects.toThrow('method taps is not there on GPUs: train on the CPU')
})

test('what is no GPU is refused in one line', async () => {
  const promise = Promise.resolve() as unknown as Gpu
  const epochs = train(tinyOptions({ method: 'natural' }), tinyData, { gpu: promise })
  await expect(epochs.next()).rejects.toThrow('gpu is not what openGpu gives: give { gpu: await openGpu() }')
})
