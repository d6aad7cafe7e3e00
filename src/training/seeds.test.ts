import { expect, it } from 'vitest'
import type { EpochReport } from './epoch-report.ts'
import { type SeedResult, resultOf, spreadsOf } from './seeds.ts'

const result = (seed: number, error: number, certifiedError: number | null = error): SeedResult => ({
  ...{ seed, network: 'f', epoch: 1, elapsed: 1 },
  ...{ trainingError: error, cleanError: error, attackError: error, certifiedError },
})

it('means and deviations are those of the sample', () => {
  const spreads = spreadsOf([result(1, 0.02), result(2, 0.04), result(3, 0.09)])
  expect(spreads.cleanError!.mean).toBeCloseTo(0.05, 12)
  // (0.03² + 0.01² + 0.04²) / 2
  expect(spreads.cleanError!.deviation).toBeCloseTo(Math.sqrt(0.0013), 12)
  expect(spreadsOf([result(1, 0.5)]).certifiedError).toEqual({ mean: 0.5, deviation: null })
  expect(spreadsOf([result(1, 0.5), result(2, 0.5, null)])).toMatchObject({
    cleanError: { deviation: 0 },
    certifiedError: null,
    estimatedError: null,
  })
  expect(spreadsOf([1, 2].map((seed) => ({ ...result(seed, 0.5, null), estimatedError: seed / 4 })))).toMatchObject({
    certifiedError: null,
    estimatedError: { mean: 0.375 },
  })
})

it('a run counts by the network that it has chosen, or else by f after the last epoch', () => {
  const report = (network: string, epoch: number) =>
    ({
      network,
      epoch,
      cleanError: epoch / 10,
      trainingError: 0,
      attackError: 0,
      certifiedError: 0,
      elapsed: epoch,
    }) as EpochReport
  const reports = [report('f', 1), report('g', 1), report('f', 2), report('g', 2)]
  const best = { network: 'g', epoch: 1, cleanError: 0, certifiedError: 0 }
  expect(resultOf(7, { reports, best })).toMatchObject({ seed: 7, network: 'g', epoch: 1, cleanError: 0.1, elapsed: 2 })
  expect(resultOf(7, { reports, best: undefined })).toMatchObject({ network: 'f', epoch: 2, cleanError: 0.2 })
  expect(resultOf(7, { reports, best })).not.toHaveProperty('estimatedError')
  const onGpu = [{ ...report('f', 1), estimatedError: 0.3 }]
  expect(resultOf(7, { reports: onGpu, best: undefined })).toMatchObject({ estimatedError: 0.3 })
})
