import { describe, expect, it } from 'vitest'
import { inline } from '../jobs/inline.ts'
import { threads } from '../node/threads.ts'
import type { EpochReport } from './epoch-report.ts'
import { trainsPair } from './losses/list.ts'
import type { GivenOptions } from './settings.ts'
import { tinyData, tinyOptions } from './tiny.testing.ts'
import { type Epoch, train } from './train.ts'

/** Weights and reports of a training in the calling thread, or in several. */
async function trained(given: GivenOptions, workers: number) {
  const epochs: Epoch[] = []
  const executor = workers === 1 ? inline : threads(workers)
  for await (const epoch of train(tinyOptions(given), tinyData, { executor })) epochs.push(epoch)
  const { learners, reports } = epochs.at(-1)!.state
  return {
    weights: learners.map(({ state, average, folded }) =>
      [...Object.values(state), average ?? [], folded ?? []].map((a) => [...a]),
    ),
    reports: reports.map((report) => ({ ...report, seconds: 0, elapsed: 0 })),
  }
}

describe('training', () => {
  for (const method of ['natural', 'adversarial', 'interval', 'taps', 'lp-dual', 'robustra', 'orthogonal'] as const) {
    it(`${method}: 1, 2, 3 and 4 workers give the same weights, bit by bit`, async () => {
      const one = await trained({ method }, 1)
      for (const workers of [2, 3, 4]) expect(await trained({ method }, workers)).toEqual(one)
      const learners = trainsPair(method) ? 2 : 1
      expect(one.weights).toHaveLength(learners)
      expect(one.reports).toHaveLength(2 * learners)
      expect(one.weights.flat(2).every(Number.isFinite)).toBe(true)
    })
  }

  const expressive = { method: 'interval', empirical: 'adversarial', empiricalShare: 0.6 } as const
  for (const [name, given] of Object.entries<GivenOptions>({
    'CC-IBP': { ...expressive, combine: 'margins', regularise: 0.5 },
    'Exp-IBP': { ...expressive, combine: 'logarithms', attackFactor: 2.1 },
    'MTL-IBP': { ...expressive, epsilonFactor: 1.5 },
    'CC-IBP, normalised': { ...expressive, combine: 'margins', batchNorm: true },
    STAPS: { method: 'taps', boxShare: 0.4, regularise: 0.5, warmUp: 'interval' },
    'TAPS, normalised': { method: 'taps', batchNorm: true, batchSize: 24 },
  })) {
    it(`${name} is the same with 1 and 3 workers, and learns`, async () => {
      const long = { ...given, epochs: 4, halveEvery: 0 }
      const one = await trained(long, 1)
      expect(await trained(long, 3)).toEqual(one)
      expect(one.reports.at(-1)!.trainingError).toBeLessThan(one.reports[0].trainingError)
    })
  }

  it('takes wider balls in training than in validation, and others for attacks, where it is told to', async () => {
    const still = { optimiser: 'sgd', learningRate: 1e-20, epochs: 1, rampEpochs: 0 } as const
    const reportOf = async (given: GivenOptions) => (await trained({ ...still, ...given }, 1)).reports[0]
    for (const method of ['interval', 'adversarial'] as const) {
      const [plain, wider] = [await reportOf({ method }), await reportOf({ method, epsilonFactor: 2 })]
      expect(wider.loss).toBeGreaterThan(plain.loss)
      expect(wider.epsilon).toBe(2 * plain.epsilon)
      expect(wider.certifiedError).toBe(plain.certifiedError)
    }
    const adversarial = { method: 'adversarial' } as const
    const [twice, attacked] = [{ epsilonFactor: 2 }, { attackFactor: 2 }]
    expect((await reportOf({ ...adversarial, ...attacked })).loss).toBe(
      (await reportOf({ ...adversarial, ...twice })).loss,
    )
    const mixed = { ...expressive, empiricalShare: 1 }
    expect((await reportOf({ ...mixed, ...attacked })).loss).toBeGreaterThan((await reportOf(mixed)).loss)
  })

  for (const bounds of ['projected', 'auto'] as const) {
    it(`with ${bounds} bounds is the same with 1 and 3 workers, and learns`, async () => {
      // few columns, so that some are cheaper than rows
      const given = { method: 'robustra', bounds, projectionDimension: 3, epochs: 4 } as const
      const one = await trained(given, 1)
      expect(await trained(given, 3)).toEqual(one)
      const ofF = one.reports.filter(({ network }) => network === 'f')
      expect(ofF.at(-1)!.loss).toBeLessThan(ofF[0].loss)
      expect(ofF.every(({ work }) => work!.projected > 0)).toBe(true)
      expect(ofF.every(({ work }) => (bounds === 'projected' ? work!.rows === 0 : true))).toBe(true)
    })
  }

  for (const norm of ['l2', 'l1'] as const) {
    it(`over ${norm} balls is the same with 1 and 3 workers, and other than over ℓ∞ balls`, async () => {
      for (const method of ['adversarial', 'interval', 'taps', 'lp-dual', 'robustra'] as const) {
        const given = { method, norm, epsilon: 0.4, epochs: 1 }
        const one = await trained(given, 1)
        expect(await trained(given, 3)).toEqual(one)
        expect(one.weights.flat(2).every(Number.isFinite)).toBe(true)
        expect(one.reports.every(({ loss, certifiedError: c }) => loss > 0 && loss < 10 && c! <= 1)).toBe(true)
        if (method !== 'lp-dual') continue
        const box = await trained({ ...given, norm: 'linf' }, 1)
        expect(box.reports[0].loss).toBeGreaterThan(one.reports[0].loss)
      }
    })
  }

  it('learns ℓ2 balls: the loss falls and images get certified', async () => {
    const given = { method: 'lp-dual', norm: 'l2', epochs: 12, epsilon: 0.4, halveEvery: 0 } as const
    const { reports } = await trained(given, 2)
    expect(reports.at(-1)!.certifiedError).toBeLessThan(0.2)
    for (const { cleanError, attackError, certifiedError } of reports)
      expect(cleanError! <= attackError! && attackError! <= certifiedError!).toBe(true)
  })

  it('with a warm-up by intervals, regularised, is the same with 1 and 3 workers, and other than without', async () => {
    const warm = { method: 'lp-dual', warmUp: 'interval', regularise: 2 } as const
    const one = await trained(warm, 1)
    expect(await trained(warm, 3)).toEqual(one)
    expect(one.reports.map(({ method }) => method)).toEqual(['interval', 'lp-dual'])
    const firstLoss = async (given: GivenOptions) => (await trained({ ...warm, ...given }, 1)).reports[0].loss
    expect(await firstLoss({ regularise: 0 })).toBeLessThan(one.reports[0].loss)
    expect(await firstLoss({ initialisation: 'ibp' })).not.toBe(one.reports[0].loss)
  })

  it('with batch normalisation is the same with 1 and 3 workers, and the folded network has learnt', async () => {
    for (const method of ['adversarial', 'interval'] as const) {
      const given = { method, batchNorm: true, epochs: 1 } as const
      const one = await trained(given, 1)
      expect(await trained(given, 3)).toEqual(one)
      expect((await trained({ ...given, batchNorm: false }, 1)).weights).not.toEqual(one.weights)
    }
    const { reports } = await trained(
      { method: 'natural', batchNorm: true, batchSize: 24, epochs: 12, halveEvery: 0 },
      2,
    )
    expect(reports.at(-1)!.cleanError).toBeLessThan(0.2)
  })

  it('with averages is the same with 1 and 3 workers, and trains one network the same as without', async () => {
    for (const given of [
      { method: 'interval' },
      { method: 'natural', batchNorm: true },
      { method: 'robustra' },
    ] as const) {
      const one = await trained({ ...given, average: 0.8 }, 1)
      expect(await trained({ ...given, average: 0.8 }, 3)).toEqual(one)
      const without = await trained(given, 1)
      const [parameters, plain] = [one.weights[0][0], without.weights[0][0]]
      // of a pair each learns from what has come of the other, which is an average
      if (given.method === 'robustra') expect(parameters).not.toEqual(plain)
      else expect(parameters).toEqual(plain)
      // what is validated is the average
      const of = ({ cleanError, certifiedError, unstable }: EpochReport) => [cleanError, certifiedError, unstable]
      expect(one.reports.map(of)).not.toEqual(without.reports.map(of))
    }
  })

  it('with augmented images is the same with 1 and 3 workers, and other than without', async () => {
    const one = await trained({ method: 'natural', augment: 'flip-crop' }, 1)
    expect(await trained({ method: 'natural', augment: 'flip-crop' }, 3)).toEqual(one)
    const without = await trained({ method: 'natural' }, 1)
    expect(without.weights).not.toEqual(one.weights)
    // validation images stay as they are: both have the same errors before they have learned anything
    const still = { method: 'natural', optimiser: 'sgd', learningRate: 1e-20, epochs: 1 } as const
    const errors = async (augment: 'none' | 'flip-crop') => {
      const { loss, cleanError, certifiedError, unstable } = (await trained({ ...still, augment }, 1)).reports[0]
      return { loss, others: { cleanError, certifiedError, unstable } }
    }
    const [plain, changed] = [await errors('none'), await errors('flip-crop')]
    expect(changed.others).toEqual(plain.others)
    expect(changed.loss).not.toBe(plain.loss)
  })

  it('depends on the seed', async () => {
    const [a, b] = [await trained({ method: 'natural' }, 1), await trained({ method: 'natural', seed: 2 }, 1)]
    expect(a.weights).not.toEqual(b.weights)
  })

  it('learns: the loss falls and images get certified', async () => {
    const { reports } = await trained({ method: 'lp-dual', epochs: 20, epsilon: 0.02, halveEvery: 0 }, 2)
    expect(reports.at(-1)!.cleanError).toBeLessThan(0.1)
    expect(reports.at(-1)!.certifiedError).toBeLessThan(0.2)
    expect(reports.every((r) => r.certifiedError! >= r.cleanError!)).toBe(true)
  })

  it('clips gradients', async () => {
    const [clipped, decayed] = await Promise.all([
      trained({ method: 'natural', optimiser: 'sgd', gradientClip: 1e-6, momentum: 0, learningRate: 1, epochs: 1 }, 1),
      trained({ method: 'natural', optimiser: 'sgd', momentum: 0, learningRate: 1e-20, epochs: 1 }, 1),
    ])
    const moved = Math.hypot(...clipped.weights[0][0].map((v, i) => v - decayed.weights[0][0][i]))
    expect(moved).toBeLessThan(1e-5)
    expect(Math.hypot(...clipped.weights[0][1])).toBeCloseTo(1e-6, 8)
  })

  it('stops with what to do when the loss is not finite', async () => {
    await expect(trained({ method: 'natural', optimiser: 'sgd', learningRate: 1e30 }, 1)).rejects.toThrow(
      expect.objectContaining({
        name: 'UserError',
        message: expect.stringMatching(
          /^the loss of f is not finite in epoch \d+, step \d+: lower the learning rate .*$/,
        ),
      }),
    )
  })
})
