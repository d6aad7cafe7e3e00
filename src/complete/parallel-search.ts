/**
 * Branch and bound (branch-and-bound.ts) with workers: a short while in the calling thread, since most questions are
 * answered before workers could start, then in rounds, after each of which the open sub-problems are dealt out again.
 */
import type { Engine } from '../engine/engine.ts'
import { WorkerPool, scriptBeside } from '../engine/pool.ts'
import type { Condensed } from './condensed.ts'
import type { CompleteResult, Resumable } from './question.ts'
import type { Explored, SearchJob } from './search-worker.ts'
import { Search, type SubProblem, bytesOf } from './search.ts'

export interface ParallelOptions {
  readonly workers: number
  readonly isCounterexample: (point: Float64Array) => boolean
  /** Called every round: sub-problems done and open, and the least bound of the open ones. */
  readonly onProgress?: ((done: number, open: number, bound: number) => void) | undefined
}

/** Milliseconds of the first search, in this thread, and of each round. */
const ALONE = 300
const ROUND = 400
/** Most sub-problems per worker and round. */
const SHARE = 512
/** Bytes that open sub-problems may take. */
const MEMORY = 2 ** 31

export class ParallelSearch implements Resumable {
  readonly #engine: Engine
  readonly #condensed: Condensed
  readonly #options: ParallelOptions
  #pool: WorkerPool | undefined
  /** Worst bound first; undefined before anything was searched. */
  #open: SubProblem[] | undefined
  /** Least bounds of what was closed, and of what nothing can settle: see search.ts. */
  #least = Infinity
  #leastLeft = Infinity
  #count = 0

  constructor(engine: Engine, condensed: Condensed, options: ParallelOptions) {
    this.#engine = engine
    this.#condensed = condensed
    this.#options = options
  }

  async run(until: number): Promise<CompleteResult> {
    const { workers, onProgress } = this.#options
    const point = this.#open ? undefined : await this.#begin(until)
    if (point) return { verdict: 'vulnerable', point }
    while (this.#open!.length > 0) {
      const [open, worst] = [this.#open!, this.#open![0]!.bound]
      onProgress?.(this.#count, open.length, worst)
      const left = until - performance.now()
      const bound = Math.min(this.#least, this.#leastLeft, worst)
      if (left <= 0) return { verdict: 'undecided', bound, reason: 'timeout' }
      if (open.length * bytesOf(this.#condensed) > MEMORY) return { verdict: 'undecided', bound, reason: 'memory' }
      this.#pool ??= new WorkerPool(scriptBeside(import.meta.url, './search-worker'), workers, this.#condensed)
      const found = await this.#round(this.#pool, Math.min(ROUND, left))
      if (found) return { verdict: 'vulnerable', point: found }
    }
    if (this.#leastLeft === Infinity) return { verdict: 'robust', margin: this.#least }
    return { verdict: 'undecided', bound: Math.min(this.#least, this.#leastLeft), reason: 'precision' }
  }

  async close(): Promise<void> {
    await this.#pool?.close()
  }

  /** In this thread. @returns a counterexample, if it found one */
  async #begin(until: number): Promise<Float64Array | undefined> {
    const mark = this.#engine.mark()
    const first = new Search(this.#engine, this.#condensed, this.#options)
    try {
      first.addRoots(until)
      await first.explore(Math.min(until, performance.now() + ALONE))
    } finally {
      first.close()
      this.#engine.release(mark)
    }
    this.#take(first)
    this.#open = first.takeOpen()
    return first.point
  }

  /** @returns a counterexample, if one was found */
  async #round(pool: WorkerPool, milliseconds: number): Promise<Float64Array | undefined> {
    const { shares, rest } = deal(this.#open!, pool.size)
    const job: SearchJob = { shares, milliseconds }
    const results = await pool.run<Explored>('explore', job, shares.length)
    results.forEach((explored) => this.#take(explored))
    this.#open = [...rest, ...results.flatMap(({ open }) => open)].toSorted((a, b) => a.bound - b.bound)
    return results.flatMap(({ candidates }) => candidates).find(this.#options.isCounterexample)
  }

  #take({ least, leastLeft, count }: Pick<Explored, 'least' | 'leastLeft' | 'count'>): void {
    this.#least = Math.min(this.#least, least)
    this.#leastLeft = Math.min(this.#leastLeft, leastLeft)
    this.#count += count
  }
}

/** Deals the worst sub-problems to workers in turn; the rest waits. */
export function deal(open: readonly SubProblem[], workers: number): { shares: SubProblem[][]; rest: SubProblem[] } {
  const shares: SubProblem[][] = Array.from({ length: Math.min(workers, open.length) }, () => [])
  const dealt = Math.min(open.length, SHARE * shares.length)
  for (let i = 0; i < dealt; i++) shares[i % shares.length]!.push(open[i]!)
  return { shares, rest: open.slice(dealt) }
}
