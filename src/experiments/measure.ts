/** The errors of a network in Table 2, with a certificate for each image, compressed once they are complete. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Dataset } from '../data/dataset.ts'
import { readWholeFile, writeFileAtomic } from '../node/atomic.ts'
import type { Network } from '../model/network.ts'
import { readCertificates } from '../node/report/read-certificates.ts'
import { type CertifyFileOptions, certifyToFile } from '../node/certificates/certify-to-file.ts'
import { targetOf } from '../node/certificates/target-file.ts'
import type { CertifySummary } from '../ladder/run-summary.ts'
import type { Surroundings } from './experiment.ts'

/** Shares of the test images. */
export interface Errors {
  readonly clean: number
  /** Under attack by PGD: at most the exact error. */
  readonly pgd: number
  /** Not proved by LP bounds over the whole ball, as Wong & Kolter's and the paper's. */
  readonly lp: number
  /** Over the part of the ball in [0, 1], as by Tjeng et al.'s MILP: without and with the images that are undecided. */
  readonly exact: { readonly least: number; readonly most: number }
  readonly undecided: number
  /** Time of one worker for all certificates. */
  readonly seconds: number
}

export interface MeasureOptions {
  /** Where `<name>-lp.jsonl.gz` and `<name>-exact.jsonl.gz` will lie. */
  readonly folder: string
  readonly name: string
  readonly epsilon: number
  /** Seconds that the complete search may take for an image. */
  readonly timeout: number
}

/** Certifies a network twice: by LP bounds over the whole ball, and by the whole ladder within [0, 1]. */
export async function measureErrors(
  network: Network,
  dataset: Dataset,
  { folder, name, epsilon, timeout }: MeasureOptions,
  { workers, watch }: Surroundings,
): Promise<Errors> {
  const certify = (title: string, options: Pick<CertifyFileOptions, 'steps' | 'domain' | 'timeout'>) =>
    certifyInto(join(folder, `${title}.jsonl`), network, dataset, {
      ...{ epsilon, first: 0, last: dataset.count, workers, seed: 0 },
      ...options,
      begin: () => watch.part(`certifying ${title}`, dataset.count),
    })
  const lp = await certify(`${name}-lp`, { steps: ['clean', 'lp'], domain: 'unbounded' })
  const exact = await certify(`${name}-exact`, {
    ...{ steps: ['clean', 'lp', 'pgd', 'crown', 'alpha', 'complete'], domain: 'pixels', timeout },
  })
  const seconds = [lp, exact].flatMap((summary) => summary.methods.map((method) => summary[method]!.seconds))
  return {
    clean: exact.clean.error,
    pgd: exact.pgd!.error,
    lp: lp.lp!.error,
    exact: exact.robustError,
    undecided: exact.undecided / exact.images,
    seconds: seconds.reduce((a, b) => a + b),
  }
}

interface CertifyIntoOptions extends Omit<CertifyFileOptions, 'out' | 'resume' | 'onProgress'> {
  /** Called before certifying. @returns a function to call with the number of images that are done */
  readonly begin: () => (done: number) => void
}

/** Certifies, or continues it, or reads what was done. @param path without the .gz that it gets once it is complete */
async function certifyInto(
  path: string,
  network: Network,
  dataset: Dataset,
  { begin, ...options }: CertifyIntoOptions,
): Promise<CertifySummary> {
  if (!existsSync(`${path}.gz`)) {
    await certifyToFile(targetOf(network), dataset, { ...options, out: path, resume: true, onProgress: begin() })
    writeFileAtomic(`${path}.gz`, gzipSync(readWholeFile(path), { level: 9 }))
  }
  rmSync(path, { force: true })
  return readCertificates(`${path}.gz`).summary
}
