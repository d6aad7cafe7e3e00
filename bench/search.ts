/** Branch and bound: sub-problems per second, on images that need a search. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dataset } from '../src/data/dataset.ts'
import { collect } from '../src/jobs/executor.ts'
import { threads } from '../src/node/threads.ts'
import { registry, searchBenchTask } from './search-task.ts'
import type { Network } from '../src/model/network.ts'
import { certifyToFile } from '../src/node/certificates/certify-to-file.ts'
import { targetOf } from '../src/node/certificates/target-file.ts'

export interface SearchTimes {
  /** Images that optimised slopes leave open. */
  readonly images: number
  readonly subProblemsPerSecond: number
}

/**
 * @param count images of the data set that are looked through
 * @param seconds of search on every worker
 * @returns undefined if no image needs a search
 */
export async function timeSearch(
  network: Network,
  dataset: Dataset,
  epsilon: number,
  count: number,
  workers: number,
  seconds: number,
): Promise<SearchTimes | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'robustra-bench-'))
  const images: number[] = []
  const crew = threads(workers, registry).start(searchBenchTask, { network, dataset })
  try {
    await certifyToFile(targetOf(network), dataset, {
      ...{ epsilon, steps: ['pgd', 'lp', 'crown', 'alpha'], search: 'bab', timeout: 60, domain: 'unbounded' },
      ...{ first: 0, last: count, workers, seed: 0, out: join(folder, 'rows.jsonl'), resume: false },
      onRow: ({ index, result }) => {
        if (result.verdict === 'undecided') images.push(index)
      },
    })
    if (images.length === 0) return undefined
    const rates = await collect(crew.run({ epsilon, images, seconds }, workers))
    const perWorker = rates.map((rate) => rate.subProblems / rate.seconds)
    return { images: images.length, subProblemsPerSecond: perWorker.reduce((a, b) => a + b, 0) }
  } finally {
    await crew.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
