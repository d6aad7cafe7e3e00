/**
 * What several runs that differ in nothing but their seed come to: mean and standard deviation of the errors of the network
 * that each has chosen,
 *
 *   mean x̄ = Σ x_i / n,   deviation = √(Σ (x_i − x̄)² / (n − 1))
 */
import type { Best } from './best.ts'
import type { EpochReport } from './epoch-report.ts'

/** The errors of which there are means; of the last one only where a GPU trains. */
export const seedErrors = ['trainingError', 'cleanError', 'attackError', 'certifiedError', 'estimatedError'] as const
export type SeedError = (typeof seedErrors)[number]

/** One run: its best network on validation images, or without any the first network after the last epoch. */
export interface SeedResult extends Pick<EpochReport, SeedError | 'network' | 'epoch'> {
  readonly seed: number
  /** Seconds of training. */
  readonly elapsed: number
}

export interface Spread {
  readonly mean: number
  /** Of the sample; null for a single value. */
  readonly deviation: number | null
}

/** @param reports of all epochs of a run that is done */
export function resultOf(
  seed: number,
  { reports, best }: { readonly reports: readonly EpochReport[]; readonly best: Best | undefined },
): SeedResult {
  const [first] = reports
  const isChosen = ({ network, epoch }: EpochReport) =>
    best ? network === best.network && epoch === best.epoch : network === first!.network
  const { network, epoch, trainingError, cleanError, attackError, certifiedError, estimatedError } =
    reports.findLast(isChosen)!
  const { elapsed } = reports.at(-1)!
  const estimate = estimatedError === undefined ? {} : { estimatedError }
  return { seed, network, epoch, trainingError, cleanError, attackError, certifiedError, ...estimate, elapsed }
}

/** By error; null where it was not measured. */
export const spreadsOf = (results: readonly SeedResult[]): Record<SeedError, Spread | null> =>
  Object.fromEntries(seedErrors.map((name) => [name, spreadOf(results.map((result) => result[name]))])) as Record<
    SeedError,
    Spread | null
  >

function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const known = values.filter((value) => typeof value === 'number')
  if (known.length < values.length || known.length === 0) return null
  const mean = known.reduce((a, b) => a + b) / known.length
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: known.length > 1 ? Math.sqrt(squares / (known.length - 1)) : null }
}
