/** Everything that the trainer asks of its workers: names and numbers, no large arrays. */
import type { LossResult } from '../losses/loss.ts'
import type { FoldJob } from './fold.ts'
import type { GradientJob } from './gradient.ts'
import type { SumJob, UpdateJob } from './update.ts'
import type { ValidateJob, ValidateResult } from './validate.ts'

export type TrainingJob = GradientJob | SumJob | UpdateJob | FoldJob | ValidateJob

/** What a part of a job gives back, by the kind of the job. */
export interface TrainingResults {
  readonly gradient: LossResult
  readonly sum: number
  readonly update: void
  readonly fold: void
  readonly unfold: void
  readonly validate: ValidateResult
}

export type TrainingResult = TrainingResults[TrainingJob['kind']]
