/** What training says while it runs, and after every epoch. */
import type { LossResult } from './losses/loss.ts'
import type { Method } from './losses/list.ts'
import { epsilonAt, learningRateAt, methodAt } from './schedule.ts'
import type { TrainingOptions } from './settings.ts'
import type { Validation } from './work/validate.ts'

/** One line of the log: one network after one epoch. Its validation errors are at the target ε. */
export interface EpochReport extends Validation {
  /** Counts from 1. */
  readonly epoch: number
  readonly network: string
  /** Whose loss was minimised: another than the run's in a warm-up, and of the reference of 'orthogonal'. */
  readonly method: Method
  /** Mean over the epoch. */
  readonly loss: number
  /** Share of the training images that the network got wrong when their batch came, as they were before any attack. */
  readonly trainingError: number
  /** ε and learning rate at the end of the epoch. */
  readonly epsilon: number
  readonly learningRate: number
  /** Dual methods: per image, rows that hidden neurons took and neurons that were bounded by random projections. */
  readonly work?: { readonly rows: number; readonly projected: number }
  /** Robustra only: mean t₀, and the shares of constraints loose, tight and infeasible at t = 0. */
  readonly space?: { readonly t: number; readonly loose: number; readonly tight: number; readonly infeasible: number }
  /** The GPU that took the steps; missing: the CPU did. */
  readonly device?: string
  /** Of this epoch of this network. */
  readonly seconds: number
  /** Since the run began. Of a resumed one: what its epochs had taken before, and then since it continued. */
  readonly elapsed: number
}

/** The report of whoever trains a network. When the run began is known to those who train epoch after epoch. */
export type LearnerReport = Omit<EpochReport, 'elapsed'>

export interface Progress {
  /** Counts from 1. */
  readonly epoch: number
  readonly network: string
  /** Images done in this epoch of this network, of how many. */
  readonly done: number
  readonly total: number
  /** Running mean. */
  readonly loss: number
}

/** Sums over an epoch. */
export interface Totals extends LossResult {
  readonly steps: number
  readonly images: number
}

interface Trained extends Pick<EpochReport, 'network' | 'seconds' | 'device'> {
  /** Counts from 0. */
  readonly epoch: number
  readonly totals: Totals
  readonly validation: Validation
}

export function reportOf(options: TrainingOptions, trained: Trained): LearnerReport {
  const { epoch, network, totals, validation, device, seconds } = trained
  const { steps, images } = totals
  const constraints = totals.loose + totals.tight + totals.infeasible
  return {
    epoch: epoch + 1,
    network,
    method: methodAt(options, epoch, network),
    loss: totals.loss / steps,
    trainingError: totals.cleanErrors! / images,
    ...validation,
    ...((totals.rows > 0 || totals.projected > 0) && {
      work: { rows: totals.rows / images, projected: totals.projected / images },
    }),
    epsilon: epsilonAt(options, epoch, steps, steps),
    learningRate: learningRateAt(options, epoch),
    ...(constraints > 0 && {
      space: {
        t: totals.t / constraints,
        loose: totals.loose / constraints,
        tight: totals.tight / constraints,
        infeasible: totals.infeasible / constraints,
      },
    }),
    ...(device !== undefined && { device }),
    seconds,
  }
}
