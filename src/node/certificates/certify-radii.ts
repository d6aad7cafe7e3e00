/**
 * Certification for several radii, each in a file of its own. The largest comes first: what it proves holds in every
 * smaller ball (ladder/larger-ball.ts), so only the other images are tried again.
 */
import type { Dataset } from '../../data/dataset.ts'
import type { LargerBall } from '../../ladder/larger-ball.ts'
import type { CertifySummary } from '../../ladder/run-summary.ts'
import { type CertifyFileOptions, certifyRows } from './certify-to-file.ts'
import type { Ball } from '../../region/ball.ts'
import type { Target } from './target-file.ts'

export interface CertifyRadiiOptions extends Omit<
  CertifyFileOptions,
  'epsilon' | 'epsilons' | 'out' | 'larger' | 'onProgress'
> {
  /** In pixel units, in any order; no two have the same ε. */
  readonly radii: readonly Pick<Ball, 'epsilon' | 'epsilons'>[]
  /** The file of each radius; undefined: its rows are not kept. */
  readonly outOf: (epsilon: number) => string | undefined
  /** As `certifyToFile`, with the radius that is at work. */
  readonly onProgress?: ((epsilon: number, done: number, total: number, hard: boolean) => void) | undefined
}

/**
 * @returns a summary per radius, the largest first
 * @throws as `certifyToFile`; the files that are complete by then stay
 */
export async function certifyRadii(
  target: Target,
  dataset: Dataset,
  { radii, outOf, onProgress, ...options }: CertifyRadiiOptions,
): Promise<CertifySummary[]> {
  const summaries: CertifySummary[] = []
  let larger: LargerBall | undefined
  for (const { epsilon, epsilons } of radii.toSorted((a, b) => b.epsilon - a.epsilon)) {
    const { summary, ...rest } = await certifyRows(target, dataset, {
      ...options,
      ...{ epsilon, epsilons, out: outOf(epsilon), larger },
      onProgress: onProgress && ((...progress) => onProgress(epsilon, ...progress)),
    })
    summaries.push(summary)
    larger = rest
  }
  return summaries
}
