/** Sums over the rows of a certification. */
import { type CertifyHeader, type CertifyMethod, type CertifyRow, certifyMethods } from './rows.ts'

/** Images that a method counts as errors. */
export interface ErrorCount {
  readonly errors: number
  /** As a share of the images. */
  readonly error: number
  /** Per image that the method looked at, in one worker. */
  readonly secondsPerImage: number
}

export interface CertifySummary extends Pick<
  CertifyHeader,
  'network' | 'dataset' | 'epsilon' | 'methods' | 'domain' | 'attack'
> {
  readonly first: number
  /** Excluded. */
  readonly last: number
  readonly images: number
  /** Misclassified. */
  readonly clean: ErrorCount
  /** Misclassified, or an adversarial example was found: a lower bound of the robust error over the attacks' domain. */
  readonly pgd?: ErrorCount
  /** Misclassified, or not proved robust: upper bounds of the robust error over the whole ball. */
  readonly interval?: ErrorCount
  readonly lp?: ErrorCount
  /** Images that only the paper's bound certified, not the pruned one. */
  readonly certifiedUnpruned: number
  /** Wall time of this run, and the images that it did, those found in a resumed file left out. */
  readonly seconds: number
  readonly imagesDone: number
  readonly imagesPerSecond: number
}

const good: Record<CertifyMethod, string> = { clean: 'correct', pgd: 'withstood', interval: 'robust', lp: 'robust' }

/**
 * @param rows of every image asked for
 * @param run wall time, and how many images it covered
 */
export function summarise(
  header: CertifyHeader,
  rows: readonly CertifyRow[],
  run: { readonly seconds: number; readonly images: number },
): CertifySummary {
  const { format: _format, version: _version, first, ...identity } = header
  const count = (method: CertifyMethod): ErrorCount => {
    const errors = rows.filter((row) => row[method]?.verdict !== good[method]).length
    const tried = rows
      .flatMap((row) => row[method] ?? [])
      .filter((r) => method === 'clean' || r.verdict !== 'misclassified')
    const seconds = tried.reduce((sum, { seconds }) => sum + seconds, 0)
    return { errors, error: share(errors, rows.length), secondsPerImage: share(seconds, tried.length) }
  }
  const counts = Object.fromEntries(
    certifyMethods.filter((method) => method === 'clean' || header.methods.includes(method)).map((m) => [m, count(m)]),
  )
  return {
    ...identity,
    first,
    last: first + rows.length,
    images: rows.length,
    clean: count('clean'),
    ...counts,
    certifiedUnpruned: rows.filter(({ lp }) => lp?.verdict === 'robust' && !lp.pruned).length,
    seconds: run.seconds,
    imagesDone: run.images,
    imagesPerSecond: share(run.images, run.seconds),
  }
}

const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0)
