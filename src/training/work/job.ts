/** Everything that the trainer asks of its workers, and who does it. Messages carry names and numbers only. */
import { type FoldJob, foldWeights, unfoldWeights } from './fold.ts'
import { type GradientJob, gradientOfChunk } from './gradient.ts'
import { Replicas } from './replicas.ts'
import type { TrainingSetup } from './setup.ts'
import { type SumJob, type UpdateJob, sumGradients, updateRange } from './update.ts'
import { type ValidateJob, validateImages } from './validate.ts'

export type TrainingJob = GradientJob | SumJob | UpdateJob | FoldJob | ValidateJob

export async function prepare(setup: TrainingSetup) {
  const replicas = await Replicas.create(setup)
  return (job: TrainingJob, part: number) => doPart(replicas, job, part)
}

function doPart(replicas: Replicas, job: TrainingJob, part: number) {
  try {
    switch (job.kind) {
      case 'gradient':
        return gradientOfChunk(replicas, job, part)
      case 'sum':
        return sumGradients(replicas.setup, job, part)
      case 'update':
        return updateRange(replicas.setup, job, part)
      case 'fold':
        return foldWeights(replicas, job)
      case 'unfold':
        return unfoldWeights(replicas, job)
      case 'validate':
        return validateImages(replicas, job, part)
    }
  } finally {
    replicas.release()
  }
}
