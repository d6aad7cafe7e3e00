/** What workers of training are given at their start. All large arrays are in memory that they share. */
import type { Dataset } from '../../data/dataset.ts'
import type { Architecture } from '../../model/network.ts'
import type { Weights } from '../learner.ts'

export interface TrainingSetup {
  readonly architecture: Architecture
  /** f, and for pairs g. */
  readonly learners: readonly Weights[]
  /** One flat gradient per chunk of a batch; the first also takes their sum. */
  readonly gradients: readonly Float32Array[]
  readonly training: Dataset
  readonly validation: Dataset
}

/** The weights of a network at some moment: workers copy them when the version is new to them. */
export interface Version {
  readonly learner: number
  readonly version: number
  /** Those that are trained, or the network that they make (an average, or with batch normalisation folded in). */
  readonly which: 'trained' | 'outcome'
}
