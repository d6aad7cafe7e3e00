/**
 * Complete verification by branch and bound. A sub-problem is a case of the question with some neurons split into on and
 * off, over the region or, where few inputs vary, over part of its box (cells.ts). It is closed by
 *
 *   max over slopes α and multipliers β of  bound(α, β)  >  0,
 *
 * which gradient ascent looks for; the worst sub-problems come first, in batches. The input where a bound is attained is
 * tried as a counterexample. Where every neuron is split, or where ascent gains too little, an LP helps (milp/lp.ts).
 * Sound: yes, every bound allows for rounding. Complete: given time and memory, where no minimum is within rounding of 0.
 * Sources: Bunel et al. 2020 (branch and bound), Wang et al. 2021 (the bounds of β-CROWN).
 */
import type { Deadline } from '../../base/deadline.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import type { CompleteResult } from '../../region/question.ts'
import type { Condensed } from '../system/condensed.ts'
import { Search, type SearchOptions } from './search.ts'

export interface BranchAndBoundOptions extends SearchOptions {
  readonly deadline: Deadline
}

/** Decides the open cases of a condensed system, in the calling thread. */
export async function branchAndBound(
  engine: Engine,
  condensed: Condensed,
  { deadline, ...options }: BranchAndBoundOptions,
): Promise<CompleteResult & { readonly subProblems: number }> {
  const mark = engine.mark()
  const search = new Search(engine, condensed, options)
  try {
    search.addRoots(deadline)
    const stopped = await search.explore(deadline)
    return { ...conclude(search, stopped), subProblems: search.count }
  } finally {
    search.close()
    engine.release(mark)
  }
}

function conclude({ point, least, leastOpen, leastLeft }: Search, stopped?: 'timeout' | 'memory'): CompleteResult {
  if (point) return { verdict: 'vulnerable', point }
  const bound = Math.min(least, leastOpen, leastLeft)
  if (stopped) return { verdict: 'undecided', bound, reason: stopped }
  return leastLeft === Infinity
    ? { verdict: 'robust', margin: bound }
    : { verdict: 'undecided', bound, reason: 'precision' }
}
