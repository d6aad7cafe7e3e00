import { expect, test } from 'vitest'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { anyGpu } from '../../device/webgpu/plan.ts'
import { startLearners } from '../learner.ts'
import type { GivenOptions } from '../settings.ts'
import { tinyArchitecture, tinyData, tinyOptions } from '../tiny.testing.ts'
import { gradientOf } from './plans.ts'
import { BatchTrainer } from './trainer.ts'
import { variantAt } from './variant.ts'

/** Names of all plans of a run. */
function namesOf(given: GivenOptions): string[] {
  const options = tinyOptions(given)
  const learners = startLearners(options, tinyArchitecture)
  const gpu = { target: anyGpu, facts: { name: 'none' } } as unknown as Gpu
  return Object.keys(new BatchTrainer(gpu, options, tinyData, learners).fit().plans)
}

test('a run has a gradient for every step, in a warm-up, on a ramp that ends within an epoch, and behind it', () => {
  const given = { method: 'lp-dual', warmUp: 'interval', regularise: 0.5, epochs: 5, rampEpochs: 1.5 } as const
  const options = tinyOptions(given)
  const names = new Set(namesOf(given))
  for (let epoch = 0; epoch < 5; epoch++) {
    for (let step = 0; step < 4; step++) {
      expect(names).toContain(gradientOf('f', variantAt(options, { epoch, step, steps: 4, name: 'f' })))
    }
  }
  expect([...names].filter((name) => name.startsWith('gradient'))).toHaveLength(2)
})

test('a ramp that ends within the only epoch has a gradient before its end and one behind it', () => {
  const names = namesOf({ method: 'interval', regularise: 0.5, epochs: 1, rampEpochs: 0.5 })
  expect(names.filter((name) => name.startsWith('gradient'))).toHaveLength(2)
})

test('both networks of a pair are trained, packed, updated and judged', () => {
  const names = namesOf({ method: 'robustra', bounds: 'interval' })
  for (const name of ['f', 'g']) {
    for (const start of [`pack ${name}`, `update ${name}`, `estimate of ${name}`, `gradient of ${name}:`]) {
      expect(names.filter((one) => one.startsWith(start))).toHaveLength(1)
    }
  }
})
