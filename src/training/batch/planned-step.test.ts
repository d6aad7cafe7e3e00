/** Whole steps of the paper's networks with every objective, recorded as for a GPU. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type GpuCase, gpuCases, plannedCase } from '../../../bench/gpu-cases.ts'
import { dryRunTable } from '../../../bench/gpu-dry-run.ts'
import { anyGpu, costOf } from '../../device/webgpu/plan.ts'
import { architectureOf } from '../../model/architectures.ts'
import { trainingOptions } from '../options.ts'
import { type PlannedStep, costOfStep, planStep } from './planned-step.ts'

describe('steps of the five networks', () => {
  const planned = new Map<GpuCase, PlannedStep>()
  beforeAll(() => gpuCases.forEach((one) => planned.set(one, plannedCase(anyGpu, one))))
  const found = (network: string, objective: string) =>
    [...planned].find(([one]) => one.network === network && one.objective === objective)![1]

  test.each(['mnist-small', 'cifar10-small'])('%s: at most 150 dispatches, and a batch at once', (network) => {
    const step = found(network, 'robustra projected')
    expect(step.parts).toBe(1)
    expect(costOfStep(step).dispatches).toBeLessThanOrEqual(150)
  })

  test('cifar10-resnet: at most 400 dispatches for each micro-batch, in less than 6 GB', () => {
    const { plans, memory } = found('cifar10-resnet', 'robustra projected')
    expect(costOf(plans.gradient).dispatches + costOf(plans.update).dispatches).toBeLessThanOrEqual(400)
    expect(memory).toBeLessThan(6e9)
  })

  test('as many operations as were counted beforehand for a projected step, or fewer', () => {
    // GFLOP of a batch of 50: f forward, f backward at twice that, g forward, with 52 columns and 12 margin rows
    const most = {
      'mnist-small': 16,
      'cifar10-small': 24.5,
      'mnist-large': 320,
      'cifar10-large': 430,
      'cifar10-resnet': 645,
    }
    for (const [network, gigaflop] of Object.entries(most)) {
      const { flop } = costOfStep(found(network, 'robustra projected'))
      expect(flop).toBeLessThan(1e9 * gigaflop)
      expect(flop).toBeGreaterThan(0.6e9 * gigaflop)
    }
  })

  test('every value fits a binding', () => {
    for (const { plans } of planned.values()) {
      const sizes = Object.values(plans).flatMap(({ dispatches }) =>
        dispatches.flatMap(({ uses }) => uses.map(({ values }) => 4 * values.length)),
      )
      expect(Math.max(...sizes)).toBeLessThanOrEqual(anyGpu.largestBinding)
    }
  })
})

test('cnn-7, normalised: at most 150 dispatches, and a batch of 64 at once', () => {
  const shape = { channels: 3, height: 32, width: 32 }
  const images = { name: 'black', shape, images: new Uint8Array(2 * 3072), labels: new Uint8Array(2), count: 2 }
  const architecture = architectureOf('cnn-7', { input: shape, classes: 10 })
  const options = trainingOptions({ method: 'interval', epsilon: 0.01, batchSize: 64, regularise: 0.5 })
  const { plans, parts } = planStep({ ...anyGpu, largestBinding: 2 ** 28 }, options, architecture, images)
  expect(costOfStep({ plans, parts }).dispatches).toBeLessThanOrEqual(150)
  expect(parts).toBe(1)
})

test('docs/performance.md has the table of: npm run bench -- --only gpu --dry-run', () => {
  const page = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8')
  expect(page).toContain(dryRunTable())
})
