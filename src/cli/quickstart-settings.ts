/** What quickstart trains and certifies. */
import type { GivenOptions } from '../training/settings.ts'

/** ε, sizes and schedules are chosen together, by measuring: see docs/decisions.md. */
export const EPSILON = 0.08
export const TEST_IMAGES = 200
const settings = { dataset: 'synthetic', epsilon: EPSILON, trainingCount: 900, learningRate: 0.002 } as const
const pair = { epochs: 4, batchSize: 20, epsilonStart: 0.005, rampEpochs: 3, halveEvery: 1, validationCount: 100 }
const natural = { epochs: 10, batchSize: 50, rampEpochs: 5, halveEvery: 2, validationCount: 0 }
export const quickstartRuns = {
  robustra: { ...settings, ...pair, method: 'robustra' },
  natural: { ...settings, ...natural, method: 'natural' },
} as const satisfies Record<string, GivenOptions>
