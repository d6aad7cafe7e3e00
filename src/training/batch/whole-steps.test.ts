/** Steps of every loss that a GPU knows are the CPU's, from the same random columns. */
import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import type { Dataset } from '../../data/dataset.ts'
import { testGpu } from '../../device/webgpu/gpu.testing.ts'
import { sizeOf } from '../../model/layers.ts'
import { architectureOf } from '../../model/architectures.ts'
import type { Architecture } from '../../model/network.ts'
import type { GivenOptions } from '../settings.ts'
import { steepNetwork } from '../tiny-networks.testing.ts'
import { tinyOptions } from '../tiny.testing.ts'
import { type Outcome, type WholeStep, stepOnCpu, stepOnGpu } from './whole-steps.testing.ts'
import type { Variant } from './variant.ts'

const images = { input: { channels: 2, height: 6, width: 6 }, classes: 3 }
const shallow = architectureOf('normalise 0.4 0.5 / 0.5 0.25, conv 4 4 2 1, relu, linear 11, relu, linear', images)
const deep = architectureOf('conv 4 4 2 1, relu, conv 5 3 1 1, relu, linear 11, relu, linear', images)
const normalised = architectureOf('conv 4 4 2 1, batch norm, relu, linear 9, batch norm, relu, linear', images)
const residual = architectureOf(
  'conv 4 3 1 1, relu, (conv 5 4 2 1, relu, conv 6 3 1 1 + conv 6 2 2), relu, linear 9, relu, linear',
  images,
)

function dataOf({ input }: Architecture): Dataset {
  const random = new Random(8, 'whole steps')
  const count = 9
  return {
    ...{ name: 'random', shape: input, classes: 3, count },
    images: Uint8Array.from({ length: count * sizeOf(input) }, () => random.integer(256)),
    labels: Uint8Array.from({ length: count }, () => random.integer(3)),
  }
}

interface Case {
  readonly given: GivenOptions
  readonly variant?: Partial<Variant>
  readonly step?: Partial<WholeStep['step']>
  readonly architecture?: Architecture
}

function wholeStep({ given, variant = {}, step = {}, architecture = shallow }: Case): WholeStep {
  const options = tinyOptions({ projectionDimension: 10, ...given })
  const { method } = options
  return {
    options,
    variant: { method, empirical: 'none', combine: 'losses', boxShare: 1, isRegularised: false, ...variant },
    step: {
      ...{ epsilon: 0.03, empiricalShare: 0, lossExponent: 0, regularisation: 0 },
      ...{ projectionSeed: 11, referenceSeed: 12 },
      ...step,
    },
    f: steepNetwork(architecture, 5),
    g: method === 'robustra' ? steepNetwork(architecture, 6) : undefined,
    data: dataOf(architecture),
    indices: [3, 0, 8, 1, 7, 5],
  }
}

function expectSame(found: Awaited<ReturnType<typeof stepOnGpu>>, wanted: Outcome): void {
  expect(found.faults).toEqual([])
  expect(Math.abs(found.loss - wanted.loss)).toBeLessThan(1e-4 * Math.abs(wanted.loss))
  const largest = wanted.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const off = wanted.gradient.reduce((most, value, i) => Math.max(most, Math.abs(value - found.gradient[i])), 0)
  expect(largest).toBeGreaterThan(1e-4)
  expect(off).toBeLessThan(1e-4 * largest)
  expect(found.counts.loose).toBe(wanted.counts.loose)
  expect(found.counts.tight).toBe(wanted.counts.tight)
  expect(found.counts.infeasible).toBe(wanted.counts.infeasible)
  expect(Math.abs(found.counts.t - wanted.counts.t)).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(wanted.counts.t)))
}

const mixed = { empirical: 'adversarial' } as const
const cases = {
  natural: { given: { method: 'natural' } },
  'natural with an exponent': { given: { method: 'natural' }, step: { lossExponent: 0.4 } },
  adversarial: { given: { method: 'adversarial' } },
  'adversarial under ℓ2': { given: { method: 'adversarial', norm: 'l2' }, step: { epsilon: 0.3 } },
  interval: { given: { method: 'interval' } },
  'interval with clean images and regularisers': {
    given: { method: 'interval' },
    variant: { empirical: 'clean', isRegularised: true },
    step: { empiricalShare: 0.3, regularisation: 0.5 },
  },
  'interval within pixels, with clean images': {
    given: { method: 'interval', domain: 'pixels' },
    variant: { empirical: 'clean' },
    step: { empiricalShare: 0.5 },
  },
  'MTL-IBP': { given: { method: 'interval', ...mixed }, variant: mixed, step: { empiricalShare: 0.7 } },
  'CC-IBP': {
    given: { method: 'interval', ...mixed, combine: 'margins' },
    variant: { ...mixed, combine: 'margins' },
    step: { empiricalShare: 0.7 },
  },
  'Exp-IBP': {
    given: { method: 'interval', ...mixed, combine: 'logarithms' },
    variant: { ...mixed, combine: 'logarithms' },
    step: { empiricalShare: 0.7 },
  },
  'natural, normalised': { given: { method: 'natural' }, architecture: normalised },
  'CC-IBP, normalised': {
    given: { method: 'interval', ...mixed, combine: 'margins' },
    variant: { ...mixed, combine: 'margins' },
    step: { empiricalShare: 0.7 },
    architecture: normalised,
  },
  SABR: { given: { method: 'interval', boxShare: 0.4 }, variant: { boxShare: 0.4 } },
  'lp-dual over intervals': { given: { method: 'lp-dual', bounds: 'interval' } },
  'lp-dual, projected': { given: { method: 'lp-dual', bounds: 'projected' } },
  'lp-dual, exact': { given: { method: 'lp-dual', bounds: 'exact' } },
  'robustra over intervals': { given: { method: 'robustra', bounds: 'interval' } },
  'robustra, projected': { given: { method: 'robustra', bounds: 'projected' }, architecture: deep },
  'robustra, exact': { given: { method: 'robustra', bounds: 'exact' }, architecture: deep },
  'robustra, projected, with residual sums': {
    given: { method: 'robustra', bounds: 'projected' },
    architecture: residual,
  },
  'robustra, exact, with residual sums': { given: { method: 'robustra', bounds: 'exact' }, architecture: residual },
} satisfies Readonly<Record<string, Case>>

// six images in micro-batches of seven, in strides of eight: what is behind them counts for nothing
test.each(Object.entries<Case>(cases))('%s', async (_, one) => {
  const whole = wholeStep(one)
  expectSame(await stepOnGpu(await testGpu(), whole, 7), stepOnCpu(whole))
})

test('micro-batches add up', async () => {
  const whole = wholeStep(cases.interval)
  expectSame(await stepOnGpu(await testGpu(), whole, 4), stepOnCpu(whole))
})
