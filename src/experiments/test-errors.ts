/** Clean and LP error of a network on test images, by the workers that judge validation images in training. */
import type { Dataset } from '../data/dataset.ts'
import { takeRange } from '../data/dataset.ts'
import { WorkerPool, scriptBeside } from '../node/threads.ts'
import type { Network } from '../model/network.ts'
import type { TrainingSetup } from '../training/work/setup.ts'
import type { ValidateJob, ValidateResult } from '../training/work/validate.ts'

/** Images per task. */
const SIZE = 20

export interface TestErrors {
  readonly cleanError: number
  /** Not proved robust by LP bounds over the whole ℓ∞ ball, as the paper's. */
  readonly certifiedError: number
}

/**
 * A hasty attack comes before the bounds: what it breaks they could not prove, and they are dear while a network is far
 * from robust.
 * @param epsilon pixel units
 * @param onProgress gets the images done
 * @returns shares of all images of the data set
 */
export async function testErrors(
  { architecture, parameters }: Network,
  dataset: Dataset,
  epsilon: number,
  workers: number,
  onProgress?: (done: number) => void,
): Promise<TestErrors> {
  const tasks = Math.ceil(dataset.count / SIZE)
  const empty = new Float32Array(0)
  const pool = new WorkerPool(scriptBeside(import.meta.url, '../training/worker'), Math.min(workers, tasks), {
    architecture,
    ...{ norm: 'linf', domain: 'unbounded' },
    learners: [{ state: { parameters, first: empty, second: empty } }],
    gradients: [],
    training: takeRange(dataset, 0, 0),
    validation: dataset,
  } satisfies TrainingSetup)
  const job: ValidateJob = {
    kind: 'validate',
    network: { learner: 0, version: 0, which: 'outcome' },
    epsilon,
    size: SIZE,
  }
  let tasksDone = 0
  try {
    const results = await pool.run<ValidateResult>(job.kind, job, tasks, () =>
      onProgress?.(Math.min(dataset.count, ++tasksDone * SIZE)),
    )
    const share = (of: (result: ValidateResult) => number) =>
      results.reduce((sum, result) => sum + of(result), 0) / dataset.count
    return {
      cleanError: share(({ cleanErrors }) => cleanErrors),
      certifiedError: share(({ certifiedErrors }) => certifiedErrors),
    }
  } finally {
    await pool.close()
  }
}
