/** Sums over the rows of a certification. */
import { type ClassSummary, summariseClasses } from './classes.ts'
import { isProof } from './drafts.ts'
import { type MarginHistogram, marginHistogram } from './margin-histogram.ts'
import type { CertifyRow } from './rows.ts'
import { type StepName, stepNames } from './steps/index.ts'

/** The error that is left after a step and all steps before it, and what this step alone took. */
export interface ErrorCount {
  /** Number of images, of which `Step.meaning` says what they have in common. */
  readonly errors: number
  /** As a share of the images. */
  readonly error: number
  /** Images that it was run on: those that the steps before had left open. */
  readonly tried: number
  /** How many of them it settled: misclassified, attacked, proved robust or (complete search) found vulnerable. */
  readonly settled: number
  /** In one worker: in all, and per image tried. */
  readonly seconds: number
  readonly secondsPerImage: number
}

/**
 * One for each step that was asked for. `Step.error` says how its error bounds the robust error. Where proofs for a larger
 * ε settled images, the error of a proof counts what is not proved by it at this or a larger ε: no less than its own.
 */
export type StepCounts = { readonly [step in StepName]?: ErrorCount }

export interface LadderSummary extends StepCounts, ClassSummary {
  readonly images: number
  /** Misclassified. */
  readonly clean: ErrorCount
  /** Images by what came of them; undecided ones are never counted as robust. */
  readonly robust: number
  readonly vulnerable: number
  readonly undecided: number
  /** Why images are undecided. */
  readonly reasons: Readonly<Record<string, number>>
  /** Shares of the images: those known to be vulnerable, and those together with the undecided ones. */
  readonly robustError: { readonly least: number; readonly most: number }
  readonly margins: MarginHistogram
  /** Images that a proof for a larger ε settled. No step tried them but that of clean images. */
  readonly provedAtLarger: number
  /** Images that only the paper's bound certified, not the pruned one. */
  readonly certifiedUnpruned: number
}

export interface SummaryOptions {
  /** The steps to count: those that at least one of the images took, if left out. */
  readonly tried?: readonly StepName[] | undefined
  /** By label. */
  readonly classNames?: readonly string[] | undefined
}

/** @param rows one per image */
export function summarise(
  rows: readonly CertifyRow[],
  { tried = stepsIn(rows), classNames }: SummaryOptions = {},
): LadderSummary {
  const having = (verdict: CertifyRow['result']['verdict']) =>
    rows.filter(({ result }) => result.verdict === verdict).length
  const [robust, vulnerable, undecided] = [having('robust'), having('vulnerable'), having('undecided')]
  const reasons: Record<string, number> = {}
  for (const { result } of rows) {
    if (result.verdict === 'undecided') reasons[result.reason] = (reasons[result.reason] ?? 0) + 1
  }
  return {
    images: rows.length,
    clean: countOf('clean', rows),
    ...Object.fromEntries(tried.map((step) => [step, countOf(step, rows)])),
    ...{ robust, vulnerable, undecided, reasons },
    robustError: { least: share(vulnerable, rows.length), most: share(vulnerable + undecided, rows.length) },
    ...summariseClasses(rows, classNames),
    margins: marginHistogram(rows),
    provedAtLarger: rows.filter(({ provedAt }) => provedAt !== undefined).length,
    certifiedUnpruned: rows.filter(({ lp }) => lp?.verdict === 'robust' && lp.pruned === false).length,
  }
}

const stepsIn = (rows: readonly CertifyRow[]) => stepNames.filter((name) => rows.some((row) => row[name]))

function countOf(step: StepName, rows: readonly CertifyRow[]): ErrorCount {
  const rank = (name: StepName) => stepNames.indexOf(name)
  const upToIt = ({ result }: CertifyRow) =>
    result.verdict !== 'undecided' && rank(result.method) <= rank(step) ? result.verdict : undefined
  const errors = rows.filter((row) => (isProof(step) ? upToIt(row) !== 'robust' : upToIt(row) === 'vulnerable')).length
  const tried = rows.flatMap((row) => row[step] ?? [])
  const seconds = tried.reduce((sum, part) => sum + part.seconds, 0)
  const settled = rows.filter(
    ({ result, provedAt }) => result.verdict !== 'undecided' && result.method === step && provedAt === undefined,
  ).length
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
