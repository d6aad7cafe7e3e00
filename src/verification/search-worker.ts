/** A worker of `verifyQuestion`: task i explores the i-th share of the open sub-problems for a while. */
import { Engine } from '../engine/engine.ts'
import { serve } from '../engine/pool.ts'
import type { Condensed } from './condensed.ts'
import { Search, type SubProblem } from './search.ts'

export interface SearchJob {
  readonly shares: readonly (readonly SubProblem[])[]
  readonly milliseconds: number
}

export interface Explored {
  readonly open: readonly SubProblem[]
  readonly leaves: readonly SubProblem[]
  readonly least: number
  readonly count: number
  /** Inputs at which the condensed system has a margin of 0, as far as float64 can say. */
  readonly candidates: readonly Float64Array[]
}

/** Candidates that are sent back: one that holds is enough. */
const MOST_CANDIDATES = 4

serve<Condensed>(async (condensed) => {
  const engine = await Engine.create()
  return (_kind, { shares, milliseconds }: SearchJob, task): Explored => {
    const deadline = performance.now() + milliseconds
    const candidates: Float64Array[] = []
    const isCounterexample = (input: Float64Array) => candidates.push(input) >= MOST_CANDIDATES
    const mark = engine.mark()
    try {
      const search = new Search(engine, condensed, { isCounterexample })
      search.add(shares[task]!)
      search.explore(deadline)
      const { least, count } = search
      return { open: search.takeOpen(), leaves: search.takeLeaves(), least, count, candidates }
    } finally {
      engine.release(mark)
    }
  }
})
