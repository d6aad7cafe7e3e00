/** Certification of a range of a data set into a file: on threads, and resumed after a kill. */
import { type RangeOptions, checkRange } from '../../attacks/inputs.ts'
import type { Dataset } from '../../data/dataset.ts'
import { runPlan } from '../../ladder/certify.ts'
import type { LargerBall } from '../../ladder/larger-ball.ts'
import { type PlanOptions, planOf } from '../../ladder/plan.ts'
import type { CertifyRow } from '../../ladder/rows.ts'
import { type CertifySummary, summaryOf } from '../../ladder/run-summary.ts'
import { threads } from '../threads.ts'
import { headerOf } from './header.ts'
import { RowFile } from './row-file.ts'
import type { Target } from './target-file.ts'

export interface CertifyFileOptions extends Omit<PlanOptions, 'images' | 'seed'>, Omit<RangeOptions, 'executor'> {
  /** Threads. */
  readonly workers: number
  /** The file of rows: JSON lines, a header first. */
  readonly out: string
  /** Continue `out` if it is there: perhaps with another range. */
  readonly resume: boolean
  /** What is known of a larger ball. */
  readonly larger?: LargerBall | undefined
  /** Called with each new row, in no particular order. */
  readonly onRow?: ((row: CertifyRow) => void) | undefined
  /** Images done, rows of a resumed file included; `hard` once only images are left that take a question each. */
  readonly onProgress?: ((done: number, total: number, hard: boolean) => void) | undefined
}

/** The same, with or without a file. */
export type CertifyRowsOptions = Omit<CertifyFileOptions, 'out'> & { readonly out: string | undefined }

/**
 * Certifies the images `first` to `last` − 1, see `certify`; what the file has already is not repeated.
 * Without a file (`out` undefined) rows are not kept.
 * @throws UserError for input that makes no sense, a file that exists or is of another run, a full disk, lost workers
 * @throws Error if a bound contradicts a point that was found: the program is wrong, and says of which image
 */
export async function certifyToFile(
  target: Target,
  dataset: Dataset,
  options: CertifyRowsOptions,
): Promise<CertifySummary> {
  return (await certifyRows(target, dataset, options)).summary
}

/** The same, with all rows of the range and the ball that they are of. */
export async function certifyRows(
  target: Target,
  dataset: Dataset,
  options: CertifyRowsOptions,
): Promise<LargerBall & { readonly summary: CertifySummary }> {
  const { first, last, out, resume, workers, signal, larger, onRow, onProgress } = options
  const executor = threads(workers)
  checkRange(dataset, options)
  const total = last - first
  const range = Array.from({ length: total }, (_, i) => first + i)
  const plan = planOf(target.network, dataset, { ...options, images: range })
  const header = headerOf(target, plan)
  const started = performance.now()
  const file = out === undefined ? undefined : new RowFile(out, header, resume)
  try {
    const rows = (file?.rows ?? []).filter(({ index }) => first <= index && index < last)
    const resumed = rows.length
    onProgress?.(resumed, total, false)
    const there = new Set(rows.map(({ index }) => index))
    const missing = { ...plan, images: range.filter((index) => !there.has(index)) }
    let isHard = false
    const onHard = () => onProgress?.(rows.length, total, (isHard = true))
    for await (const row of runPlan(missing, { executor, signal, onHard, larger })) {
      file?.append([row])
      rows.push(row)
      onRow?.(row)
      onProgress?.(rows.length, total, isHard)
    }
    const seconds = (performance.now() - started) / 1000
    const summary = summaryOf(header, rows, { first, last, seconds, images: rows.length - resumed })
    return { ball: plan.ball, rows, summary }
  } finally {
    file?.close()
  }
}
