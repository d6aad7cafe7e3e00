/**
 * How far images are from the decision: a histogram of margins, z_label − the largest other logit. Of robust images it
 * counts what was proved everywhere in the ball, of vulnerable ones the margin of the point that was found, and of
 * undecided ones the best that was proved. A margin is that of the step that settled the image: a proof may say less than
 * is true.
 */
import type { CertifyRow } from './rows.ts'

export interface MarginHistogram {
  /** The least margin of the first bin, a multiple of `width`; so 0 lies between two bins. */
  readonly from: number
  /** 1, 2 or 5 times a power of ten. */
  readonly width: number
  /** Images per bin; a bin holds its lower end. */
  readonly robust: readonly number[]
  readonly vulnerable: readonly number[]
  readonly undecided: readonly number[]
  /** Images whose margin is not a finite number. */
  readonly without: number
}

const MOST_BINS = 24

export function marginHistogram(rows: readonly CertifyRow[]): MarginHistogram {
  const margins = rows.map(({ result }) => result.margin)
  const known = margins.filter((margin) => margin !== null)
  const [low, high] = known.reduce(([a, b], margin) => [Math.min(a, margin), Math.max(b, margin)], [0, 0])
  const width = niceWidth((high - low) / (MOST_BINS - 2))
  const first = Math.floor(low / width)
  const bins = Math.floor(high / width) - first + 1
  const counts = (verdict: CertifyRow['result']['verdict']) => {
    const all = Array.from({ length: bins }, () => 0)
    rows.forEach(({ result }, i) => {
      const margin = margins[i]
      if (result.verdict !== verdict || margin == null) return
      // a margin of exactly 0 is a counterexample: it belongs to those below
      const bin = margin === 0 && verdict === 'vulnerable' && first < 0 ? -1 : Math.floor(margin / width)
      all[bin - first]!++
    })
    return all
  }
  return {
    ...{ from: first * width, width },
    ...{ robust: counts('robust'), vulnerable: counts('vulnerable'), undecided: counts('undecided') },
    without: rows.length - known.length,
  }
}

/** The least of 1, 2, 5 times a power of ten that is not below `least`; 1 if that is 0. */
function niceWidth(least: number): number {
  if (!(least > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(least))
  return power * [1, 2, 5, 10].find((step) => step * power >= least)!
}
