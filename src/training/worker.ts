/** A worker of training: see work/ for what it does. */
import { serve } from '../node/threads.ts'
import { type TrainingJob, doPart } from './work/job.ts'
import { Replicas } from './work/replicas.ts'
import type { TrainingSetup } from './work/setup.ts'

serve<TrainingSetup>(async (setup) => {
  const replicas = await Replicas.create(setup)
  return (_kind, job: TrainingJob, part) => doPart(replicas, job, part)
})
