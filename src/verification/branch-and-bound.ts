/**
 * Complete verification by branch and bound (Bunel et al. 2020), with the bounds of β-CROWN (Wang et al. 2021): a
 * sub-problem is a case of the question with some neurons split into on and off. It is closed by a lower bound above 0
 * under slopes and multipliers optimised for it; best first, in batches. The input where a sub-problem's bound is
 * attained is tried as a counterexample. Where every neuron is split, an LP decides (milp/relaxation.ts).
 * Sound: yes, every bound gives way to rounding. Complete: given time and memory, where no minimum is within rounding
 * of 0.
 */
import type { Engine } from '../engine/engine.ts'
import type { Condensed } from './condensed.ts'
import { Relaxation } from './milp/relaxation.ts'
import { Search, type SearchOptions, type SubProblem } from './search.ts'

export interface BranchAndBoundOptions extends SearchOptions {
  /** When to stop, on the clock of performance.now(). */
  readonly deadline: number
}

/** What a complete method answers. */
export type CompleteResult =
  /** Everywhere in the box every case has a margin of at least this, > 0. */
  | { readonly verdict: 'robust'; readonly margin: number }
  | { readonly verdict: 'vulnerable'; readonly point: Float64Array }
  | { readonly verdict: 'undecided'; readonly bound: number; readonly reason: 'timeout' | 'memory' | 'precision' }

/** Decides the open cases of a condensed system, in the calling thread. */
export async function branchAndBound(
  engine: Engine,
  condensed: Condensed,
  { deadline, ...options }: BranchAndBoundOptions,
): Promise<CompleteResult & { readonly subProblems: number }> {
  const mark = engine.mark()
  try {
    const search = new Search(engine, condensed, options)
    search.addRoots()
    const stopped = search.explore(deadline)
    const leaves = search.takeLeaves()
    const settled = search.point ? undefined : await settleLeaves(condensed, leaves, deadline, options)
    return { ...conclude(search, stopped, settled), subProblems: search.count }
  } finally {
    engine.release(mark)
  }
}

function conclude(
  search: Search,
  stopped: 'timeout' | 'memory' | undefined,
  settled: Settled | undefined,
): CompleteResult {
  const point = search.point ?? settled?.point
  if (point) return { verdict: 'vulnerable', point }
  const margin = Math.min(search.least, settled?.bound ?? Infinity)
  const reason = stopped ?? settled?.stopped
  if (reason) return { verdict: 'undecided', bound: Math.min(margin, search.leastOpen), reason }
  return { verdict: 'robust', margin }
}

export interface Settled {
  /** Least bound over the leaves. */
  readonly bound: number
  readonly point?: Float64Array
  /** Why a leaf is still open. */
  readonly stopped?: 'timeout' | 'precision'
}

/** Sub-problems without a free neuron are LPs. */
export async function settleLeaves(
  condensed: Condensed,
  leaves: readonly SubProblem[],
  deadline: number,
  { isCounterexample }: SearchOptions,
): Promise<Settled> {
  if (leaves.length === 0) return { bound: Infinity }
  const relaxation = await Relaxation.create(condensed)
  try {
    let [bound, imprecise] = [Infinity, false]
    for (const { row, phases, bound: known } of leaves) {
      const seconds = (deadline - performance.now()) / 1000
      if (seconds <= 0) return { bound: Math.min(bound, ...leaves.map((leaf) => leaf.bound)), stopped: 'timeout' }
      relaxation.setObjective([row])
      const result = relaxation.solve(phases, Infinity, seconds)
      if (!(result.bound > 0) && result.point && isCounterexample(result.point)) return { bound, point: result.point }
      const best = Math.max(known, result.bound)
      bound = Math.min(bound, best)
      if (!(best > 0)) imprecise = true
    }
    return { bound, ...(imprecise && { stopped: 'precision' }) }
  } finally {
    relaxation.dispose()
  }
}
