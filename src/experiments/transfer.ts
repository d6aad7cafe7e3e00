/** Attacks on two networks, and how the points found against one do against the other, on all workers of an executor. */
import { IMAGES_PER_PART } from '../attacks/inputs.ts'
import { pgd } from '../attacks/gradient-attack.ts'
import type { Executor } from '../jobs/executor.ts'
import { transferTask } from './transfer-task.ts'
import type { TransferData, TransferErrors } from './transfer-worker.ts'

export const transferColumns = ['fClean', 'gClean', 'fPgd', 'gPgd', 'fToG', 'gToF'] as const

/**
 * PGD of 40 steps of ε/10 from a random point. By float32: shares for a picture, not proofs.
 * @param onProgress gets the images done
 * @returns shares of all images of the data set
 */
export async function transferErrors(
  data: TransferData,
  epsilon: number,
  executor: Executor,
  onProgress?: (done: number) => void,
): Promise<TransferErrors> {
  const { count } = data.dataset
  const parts = Math.ceil(count / IMAGES_PER_PART)
  const job = { epsilon, attack: pgd('pixels', 0) }
  const totals = { fClean: 0, gClean: 0, fPgd: 0, gPgd: 0, fToG: 0, gToF: 0 }
  let done = 0
  const crew = executor.start(transferTask, data, parts)
  try {
    for await (const { result } of crew.run(job, parts)) {
      for (const column of transferColumns) totals[column] += result[column]
      onProgress?.(Math.min(count, ++done * IMAGES_PER_PART))
    }
  } finally {
    await crew.close()
  }
  for (const column of transferColumns) totals[column] /= count
  return totals
}
