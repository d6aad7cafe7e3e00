/** A small case to certify, and files for its rows. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { smallCase } from '../../attacks/random-dataset.testing.ts'
import type { CertifyFileOptions } from './certify-to-file.ts'
import { targetOf } from './target-file.ts'
import type { CertifyHeader } from '../../ladder/header.ts'
import { comparable as comparableRows } from '../../ladder/rows.testing.ts'
import type { CertifyRow } from '../../ladder/rows.ts'
import { temporaryFolder } from '../temporary.testing.ts'

export const { network, dataset } = smallCase()
export const target = targetOf(network)

/** A folder that is gone after the tests, new files in it, and options that write them. */
export function temporaryFiles() {
  const folder = temporaryFolder()
  let files = 0
  const newFile = () => join(folder, `${files++}.jsonl`)
  const optionsOf = (options: Partial<CertifyFileOptions> = {}): CertifyFileOptions => ({
    ...{ epsilon: 0.05, steps: ['clean', 'pgd', 'interval', 'lp'], first: 0, last: 50, workers: 1 },
    ...{ domain: 'pixels', seed: 0, resume: false, pgd: { steps: 8 } },
    out: newFile(),
    ...options,
  })
  return { folder, newFile, optionsOf }
}

/** Header and rows of a file. */
export function linesOf(path: string): [CertifyHeader, ...CertifyRow[]] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line)) as [CertifyHeader, ...CertifyRow[]]
}

/** The same by index, without what differs from run to run. */
export function comparable(path: string): [CertifyHeader, ...CertifyRow[]] {
  const [header, ...rows] = linesOf(path)
  return [header, ...comparableRows(rows)]
}
