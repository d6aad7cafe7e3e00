import { fileURLToPath } from 'node:url'
import { expect, expectTypeOf, test } from 'vitest'
import type { BatchBall } from '../../bounds/batch/ball.ts'
import type { RelaxedBatch } from '../../bounds/batch/relax.ts'
import type { Proved } from '../../bounds/dual.ts'
import type { provedMargins } from '../../bounds/margins.ts'
import type { Values } from '../../device/webgpu/values.ts'
import { importsOf, readSources } from '../../imports.testing.ts'
import type { BatchTrainer } from './trainer.ts'

test('no type of a GPU is one of a proof', () => {
  type Taken = Parameters<typeof provedMargins>[0]
  expectTypeOf<Proved>().toExtend<Taken>()
  expectTypeOf<RelaxedBatch>().not.toExtend<Taken>()
  expectTypeOf<Values>().not.toExtend<Taken>()
  expectTypeOf<BatchBall>().not.toExtend<Taken>()
  type Estimate = Awaited<ReturnType<BatchTrainer['estimate']>>
  expectTypeOf<Estimate>().toHaveProperty('estimatedError')
})

const isGpu = (path: string) => /^(device\/webgpu|bounds\/batch|training\/batch)\//.test(path)
const proves = ['bounds/dual.ts', 'bounds/margins.ts', 'bounds/network-bounds.ts']

test('nothing that runs on a GPU knows what proves, or certifies', () => {
  const imports = importsOf(readSources(fileURLToPath(new URL('../..', import.meta.url))))
  const own = imports.filter(({ from }) => isGpu(from) && !/\.test(ing)?\.ts$/.test(from))
  expect(own.length).toBeGreaterThan(50)
  expect(own.filter(({ to }) => proves.includes(to) || to.startsWith('ladder/'))).toEqual([])
})
