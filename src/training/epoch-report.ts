/** What training says while it runs, and after every epoch. */
import type { Method } from './losses/list.ts'

/** One line of the log: one network after one epoch. */
export interface EpochReport {
  readonly epoch: number
  readonly network: string
  /** Whose loss was minimised: another than the run's in a warm-up, and of the reference of 'orthogonal'. */
  readonly method: Method
  /** Mean over the epoch. */
  readonly loss: number
  /** On validation images, at the target ε; null without any. */
  readonly cleanError: number | null
  /** Misclassified, or broken by the four steps of PGD that come before bounds; the exact error is from here… */
  readonly attackError: number | null
  /** …to here: not proved by LP bounds. */
  readonly certifiedError: number | null
  /** ε and learning rate at the end of the epoch. */
  readonly epsilon: number
  readonly learningRate: number
  /**
   * Share of hidden neurons that are unstable at the target ε, on validation images that a hasty attack cannot break;
   * null where there are none.
   */
  readonly unstable: number | null
  /** Dual methods: per image, rows that hidden neurons took and neurons that were bounded by random projections. */
  readonly work?: { readonly rows: number; readonly projected: number }
  /** Robustra only: mean t₀, and the shares of constraints loose, tight and infeasible at t = 0. */
  readonly space?: { readonly t: number; readonly loose: number; readonly tight: number; readonly infeasible: number }
  readonly seconds: number
}

export interface Progress {
  readonly epoch: number
  readonly network: string
  /** Images done in this epoch of this network, of how many. */
  readonly done: number
  readonly total: number
  /** Running mean. */
  readonly loss: number
}
