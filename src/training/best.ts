/** Which network of which epoch is the best so far: the lowest certified error on validation images (ties: clean error). */
import type { EpochReport } from './epoch-report.ts'

export interface Best {
  /** Counts from 1. */
  readonly epoch: number
  readonly network: string
  readonly certifiedError: number
  readonly cleanError: number
}

/** The better of the best so far and a network after an epoch. Without validation images there is no best. */
export function betterOf(best: Best | undefined, report: EpochReport): Best | undefined {
  const { epoch, network, certifiedError, cleanError } = report
  if (certifiedError === null || cleanError === null) return best
  const isBetter =
    !best ||
    certifiedError < best.certifiedError ||
    (certifiedError === best.certifiedError && cleanError < best.cleanError)
  return isBetter ? { epoch, network, certifiedError, cleanError } : best
}
