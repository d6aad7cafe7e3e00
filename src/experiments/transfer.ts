/** Attacks on two networks, and how the points found against one do against the other, on all workers. */
import { IMAGES_PER_TASK } from '../attacks/inputs.ts'
import { type AttackOptions, pgd } from '../attacks/gradient-attack.ts'
import type { Dataset } from '../data/dataset.ts'
import { WorkerPool, scriptBeside } from '../node/threads.ts'
import type { Network } from '../model/network.ts'

/** Images that a network gets wrong, or, of an attack, the other network: shares, or counts of a task. */
export interface TransferErrors {
  /** The images themselves. */
  readonly fClean: number
  readonly gClean: number
  /** Untargeted PGD on the network itself. */
  readonly fPgd: number
  readonly gPgd: number
  /** The points of smallest margin that were found against f, given to g; and the other way round. */
  readonly fToG: number
  readonly gToF: number
}

export const transferColumns = ['fClean', 'gClean', 'fPgd', 'gPgd', 'fToG', 'gToF'] as const

export interface TransferData {
  readonly f: Network
  readonly g: Network
  readonly dataset: Dataset
}

export interface TransferJob {
  /** Radius of the ℓ∞ balls, pixel units; attacks stay in [0, 1]. */
  readonly epsilon: number
  readonly attack: AttackOptions
}

/**
 * PGD of 40 steps of ε/10 from a random point. By float32: shares for a picture, not proofs.
 * @param onProgress gets the images done
 * @returns shares of all images of the data set
 */
export async function transferErrors(
  data: TransferData,
  epsilon: number,
  workers: number,
  onProgress?: (done: number) => void,
): Promise<TransferErrors> {
  const { count } = data.dataset
  const tasks = Math.ceil(count / IMAGES_PER_TASK)
  const pool = new WorkerPool(scriptBeside(import.meta.url, './transfer-worker'), Math.min(workers, tasks), data)
  const job: TransferJob = { epsilon, attack: pgd('pixels', 0) }
  let tasksDone = 0
  try {
    const results = await pool.run<TransferErrors>('transfer', job, tasks, () =>
      onProgress?.(Math.min(count, ++tasksDone * IMAGES_PER_TASK)),
    )
    const share = (column: keyof TransferErrors) => results.reduce((sum, result) => sum + result[column], 0) / count
    return Object.fromEntries(transferColumns.map((column) => [column, share(column)])) as unknown as TransferErrors
  } finally {
    await pool.close()
  }
}
