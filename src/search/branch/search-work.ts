/** What a worker of a branch and bound does: part i explores the i-th share of the open sub-problems for a while. */
import { Deadline } from '../../base/deadline.ts'
import { Engine } from '../../device/wasm/engine.ts'
import type { Condensed } from '../system/condensed.ts'
import { Search } from './search.ts'
import type { SubProblem } from './sub-problems.ts'

export interface SearchJob {
  readonly shares: readonly (readonly SubProblem[])[]
  readonly milliseconds: number
}

export interface Explored {
  readonly open: readonly SubProblem[]
  readonly least: number
  readonly leastLeft: number
  /** Sub-problems bounded in this round. */
  readonly count: number
  /** Inputs at which the condensed system has a margin of at most 0, as far as float64 can say. */
  readonly candidates: readonly Float64Array[]
}

/** Most candidates of a round: one that holds is enough. */
const MOST_CANDIDATES = 4

export async function prepare(condensed: Condensed, atEnd: (free: () => void) => void) {
  let candidates: Float64Array[] = []
  // only the network can tell whether a candidate holds: until then the search continues
  const isCounterexample = (input: Float64Array) => {
    if (candidates.length < MOST_CANDIDATES) candidates.push(input)
    return false
  }
  const search = new Search(await Engine.create(), condensed, { isCounterexample })
  atEnd(() => search.close())
  return async ({ shares, milliseconds }: SearchJob, part: number, signal?: AbortSignal): Promise<Explored> => {
    candidates = []
    const before = search.count
    search.add(shares[part])
    await search.explore(Deadline.in(milliseconds, signal))
    const { least, leastLeft, count } = search
    return { open: search.takeOpen(), least, leastLeft, count: count - before, candidates }
  }
}
