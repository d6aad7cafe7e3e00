/**
 * Which network of which epoch is the best so far: the lowest certified error on validation images (ties: clean error), or
 * where a GPU trains, the lowest that it estimates.
 */
import type { EpochReport } from './epoch-report.ts'

export interface Best {
  /** Counts from 1. */
  readonly epoch: number
  readonly network: string
  readonly certifiedError: number | null
  readonly estimatedError?: number
  readonly cleanError: number
}

/** The better of the best so far and a network after an epoch. Without validation images there is no best. */
export function betterOf(best: Best | undefined, report: EpochReport): Best | undefined {
  const { epoch, network, certifiedError, estimatedError, cleanError } = report
  const error = certifiedError ?? estimatedError
  if (error === undefined || cleanError === null) return best
  const least = best && (best.certifiedError ?? best.estimatedError!)
  const isBetter = least === undefined || error < least || (error === least && cleanError < best!.cleanError)
  if (!isBetter) return best
  return { epoch, network, certifiedError, cleanError, ...(estimatedError !== undefined && { estimatedError }) }
}
