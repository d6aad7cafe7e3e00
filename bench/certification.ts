/** Time of LP certification, the start of the workers included. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dataset } from '../src/data/dataset.ts'
import type { Network } from '../src/model/network.ts'
import { certifyToFile } from '../src/node/certificates/certify-to-file.ts'
import { targetOf } from '../src/node/certificates/target-file.ts'

export interface CertificationTime {
  readonly millisecondsPerImage: number
  readonly certified: number
  readonly seconds: number
}

/** @param images how many of the data set, from the first */
export async function timeCertify(
  dataset: Dataset,
  network: Network,
  epsilon: number,
  images: number,
  workers: number,
): Promise<CertificationTime> {
  const folder = mkdtempSync(join(tmpdir(), 'robustra-bench-'))
  try {
    const { lp, seconds } = await certifyToFile(targetOf(network), dataset, {
      ...{ epsilon, steps: ['lp'], first: 0, last: images, workers, domain: 'unbounded', seed: 0 },
      ...{ out: join(folder, 'rows.jsonl'), resume: false },
    })
    return { millisecondsPerImage: (1000 * seconds) / images, certified: images - lp!.errors, seconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
