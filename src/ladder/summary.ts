/** Sums over the rows of a certification. */
import { isProof } from './drafts.ts'
import type { CertifyHeader } from './header.ts'
import type { CertifyRow } from './rows.ts'
import { type StepName, steps } from './steps/index.ts'

/** What a step of the ladder, with all cheaper ones before it, leaves as errors, and what it took by itself. */
export interface ErrorCount {
  /** Images: misclassified; or attacked; or, of a proof, not proved robust by it or a cheaper one. */
  readonly errors: number
  /** As a share of the images. */
  readonly error: number
  /** Images that it was run on: those that the steps before had left open. */
  readonly tried: number
  /** Of these, what it settled: misclassified, attacked, proved robust or (complete search) found vulnerable. */
  readonly settled: number
  /** In one worker: in all, and per image tried. */
  readonly seconds: number
  readonly secondsPerImage: number
}

/** Of each step that was asked for: see `Step.error` for what its error says of the robust error. */
export type StepCounts = { readonly [step in StepName]?: ErrorCount }

export interface CertifySummary extends Omit<CertifyHeader, 'format' | 'version'>, StepCounts {
  readonly first: number
  /** Excluded. */
  readonly last: number
  readonly images: number
  /** Misclassified. */
  readonly clean: ErrorCount
  /** Images by what came of them; undecided ones are never counted as robust. */
  readonly robust: number
  readonly vulnerable: number
  readonly undecided: number
  /** Why images are undecided. */
  readonly reasons: Readonly<Record<string, number>>
  /** The robust error is at least what is known to be vulnerable, and at most that and what is undecided. */
  readonly robustError: { readonly least: number; readonly most: number }
  /** Images that only the paper's bound certified, not the pruned one. */
  readonly certifiedUnpruned: number
  /** Wall time of this run, and the images that it did, those found in a resumed file left out. */
  readonly seconds: number
  readonly imagesDone: number
  readonly imagesPerSecond: number
}

/**
 * @param rows of every image asked for
 * @param run the range, its wall time, and how many images it covered
 */
export function summarise(
  header: CertifyHeader,
  rows: readonly CertifyRow[],
  run: { readonly first: number; readonly last: number; readonly seconds: number; readonly images: number },
): CertifySummary {
  const { format: _format, version: _version, ...identity } = header
  const { first, last } = run
  const counts = Object.fromEntries(header.methods.map((step) => [step, countOf(step, rows)]))
  const having = (verdict: CertifyRow['result']['verdict']) =>
    rows.filter(({ result }) => result.verdict === verdict).length
  const [robust, vulnerable, undecided] = [having('robust'), having('vulnerable'), having('undecided')]
  const reasons: Record<string, number> = {}
  for (const { result } of rows) {
    if (result.verdict === 'undecided') reasons[result.reason] = (reasons[result.reason] ?? 0) + 1
  }
  return {
    ...identity,
    ...{ first, last, images: rows.length },
    clean: countOf('clean', rows),
    ...counts,
    ...{ robust, vulnerable, undecided, reasons },
    robustError: { least: share(vulnerable, rows.length), most: share(vulnerable + undecided, rows.length) },
    certifiedUnpruned: rows.filter(({ lp }) => lp?.verdict === 'robust' && lp.pruned === false).length,
    seconds: run.seconds,
    imagesDone: run.images,
    imagesPerSecond: share(run.images, run.seconds),
  }
}

function countOf(step: StepName, rows: readonly CertifyRow[]): ErrorCount {
  const rank = (name: StepName) => steps.findIndex((one) => one.name === name)
  const upToIt = ({ result }: CertifyRow) =>
    result.verdict !== 'undecided' && rank(result.method) <= rank(step) ? result.verdict : undefined
  const errors = rows.filter((row) => (isProof(step) ? upToIt(row) !== 'robust' : upToIt(row) === 'vulnerable')).length
  const tried = rows.flatMap((row) => row[step] ?? [])
  const seconds = tried.reduce((sum, part) => sum + part.seconds, 0)
  const settled = rows.filter(({ result }) => result.verdict !== 'undecided' && result.method === step).length
  return {
    errors,
    error: share(errors, rows.length),
    tried: tried.length,
    settled,
    seconds,
    secondsPerImage: share(seconds, tried.length),
  }
}

const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0)
