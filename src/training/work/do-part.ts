/** What a worker of training does: makes its own copies of the networks, then parts of jobs. */
import type { Part } from '../../jobs/task.ts'
import { foldWeights, unfoldWeights } from './fold.ts'
import { gradientOfChunk } from './gradient.ts'
import { Replicas } from './replicas.ts'
import type { TrainingSetup } from './setup.ts'
import type { TrainingJob, TrainingResult } from './job.ts'
import { sumGradients, updateRange } from './update.ts'
import { validateImages } from './validate.ts'

export async function prepare(setup: TrainingSetup): Promise<Part<TrainingJob, TrainingResult>> {
  const replicas = await Replicas.create(setup)
  return (job, part) => {
    try {
      return doPart(replicas, job, part)
    } finally {
      replicas.release()
    }
  }
}

function doPart(replicas: Replicas, job: TrainingJob, part: number): TrainingResult {
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
}
