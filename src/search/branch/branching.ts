/**
 * Which neuron of a sub-problem to split. A cheap score picks a few neurons: what the upper line of their ReLU costs,
 *
 *   score = max(−ν̂, 0) · u · −l / (u − l)
 *
 * Then each of them is tried, on and off, with one sweep under the slopes that the sub-problem has. Sources: Bunel et al.
 * 2020 (the score of BaBSR), De Palma et al. 2021 (filtered smart branching).
 */
import { FREE, OFF, ON, type Phases, isUnstable } from '../../model/phase.ts'
import type { Batch } from '../sweep/batch.ts'
import type { Bounds } from './cells.ts'

/** So many neurons of each sub-problem are tried. */
const CANDIDATES = 8
/** Progress counts as at least this, so that a side without any does not hide what the other side gains. */
const LEAST_PROGRESS = 1e-9

/** The rows of a batch whose sub-problems are open after their ascent. */
export interface OpenRows {
  readonly batch: Batch
  readonly rows: readonly number[]
  /** For each of them the neurons to choose from, the best score first. */
  readonly candidates: readonly (readonly number[])[]
  /** For all rows of the batch. */
  readonly bounds: Float64Array
}

/**
 * For each open row one of its candidates, or −1 if there is none.
 * @param trial a batch of the same system, overwritten
 */
export type ChooseSplits = (open: OpenRows, trial: Batch) => number[]

/** The candidate with the best score. */
export const bestByScore: ChooseSplits = ({ candidates }) => candidates.map(([k = -1]) => k)

/** The candidate whose sides gain most, as the product of both. */
export const bestByTrial: ChooseSplits = ({ batch, rows, candidates, bounds }, trial) => {
  const splits = candidates.map(([k = -1]) => k)
  const scores = rows.map(() => -Infinity)
  const trials = rows.flatMap((r, i) => {
    const tried = candidates[i]
    return tried.length < 2 ? [] : tried.map((k) => ({ i, r, k }))
  })
  const perSweep = trial.rows / 2
  for (let first = 0; first < trials.length; first += perSweep) {
    const part = trials.slice(first, first + perSweep)
    part.forEach(({ r, k }, t) => {
      for (const [row, phase] of [
        [2 * t, ON],
        [2 * t + 1, OFF],
      ] as const) {
        trial.copyRow(row, batch, r)
        // a neuron that is on or off needs no bounds
        trial.setNeuron(k, { phase, variable: 0, scale: 0, lower: 0, upper: 0 }, row, row + 1)
      }
    })
    const found = trial.bounds()
    part.forEach(({ i, r, k }, t) => {
      // above 0 a side is closed: more does not count
      const progress = (side: number) => Math.max(LEAST_PROGRESS, Math.min(0, found[2 * t + side]) - bounds[r])
      const score = progress(0) * progress(1)
      if (score > scores[i]) {
        scores[i] = score
        splits[i] = k
      }
    })
  }
  return splits
}

/**
 * After a sub-problem's ascent in row `r`: the free unstable neurons whose upper line's intercept costs the bound most
 * (BaBSR's score, Bunel et al. 2020).
 */
export function candidateSplits(
  { hats, rows }: Batch,
  phases: Phases,
  { neuronLower, neuronUpper }: Bounds,
  r: number,
): number[] {
  const isFree = (k: number) => phases[k] === FREE && isUnstable(neuronLower[k], neuronUpper[k])
  const free = [...phases.keys()].filter(isFree)
  const cost = Float64Array.from(phases, (_, k) => {
    const [l, u] = [neuronLower[k], neuronUpper[k]]
    return (Math.max(0, -hats[k * rows + r]) * u * -l) / (u - l)
  })
  return free.toSorted((a, b) => cost[b] - cost[a]).slice(0, CANDIDATES)
}
