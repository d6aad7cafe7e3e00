/** Clean and LP error of a network on test images, by the workers that judge validation images in training. */
import type { Dataset } from '../data/dataset.ts'
import { takeRange } from '../data/dataset.ts'
import type { Executor } from '../jobs/executor.ts'
import type { Network } from '../model/network.ts'
import { trainingTask } from '../training/work/task.ts'
import type { ValidateJob, ValidateResult } from '../training/work/validate.ts'
import { paperBall } from '../region/ball.ts'

/** Images per part. */
const SIZE = 20

export interface TestErrors {
  readonly cleanError: number
  /** Not proved robust by LP bounds over the whole ℓ∞ ball, as the paper's. */
  readonly certifiedError: number
}

interface Judges {
  readonly executor: Executor
  /** Gets the number of images that are done. */
  readonly onProgress?: (done: number) => void
}

/**
 * A hasty attack comes before the bounds: what it breaks they could not prove, and they are expensive while a network is far
 * from robust.
 * @param epsilon pixel units
 * @returns shares of all images of the data set
 */
export async function testErrors(
  { architecture, parameters }: Network,
  dataset: Dataset,
  epsilon: number,
  { executor, onProgress }: Judges,
): Promise<TestErrors> {
  const parts = Math.ceil(dataset.count / SIZE)
  const empty = new Float32Array(0)
  const setup = {
    architecture,
    learners: [{ state: { parameters, first: empty, second: empty } }],
    gradients: [],
    training: takeRange(dataset, 0, 0),
    validation: dataset,
  }
  const job: ValidateJob = {
    kind: 'validate',
    network: { learner: 0, version: 0, which: 'outcome' },
    ball: paperBall(epsilon),
    size: SIZE,
  }
  let [done, clean, certified] = [0, 0, 0]
  const crew = executor.start(trainingTask, setup, parts)
  try {
    for await (const { result } of crew.run(job, parts)) {
      const { cleanErrors, certifiedErrors } = result as ValidateResult
      clean += cleanErrors
      certified += certifiedErrors
      onProgress?.(Math.min(dataset.count, ++done * SIZE))
    }
  } finally {
    await crew.close()
  }
  return { cleanError: clean / dataset.count, certifiedError: certified / dataset.count }
}
