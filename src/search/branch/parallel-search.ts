/**
 * Branch and bound (branch-and-bound.ts) with workers. It begins in the calling thread, since most questions are answered
 * before workers could start. Then come rounds; each deals the open sub-problems out to the workers again.
 * Sound and complete as branch-and-bound.ts says.
 */
import type { Deadline } from '../../base/deadline.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { type Crew, type Executor, collect } from '../../jobs/executor.ts'
import type { CompleteResult, Resumable } from '../../region/question.ts'
import type { Condensed } from '../system/condensed.ts'
import { Frontier } from './frontier.ts'
import { searchTask } from './search-task.ts'
import type { Explored, SearchJob } from './search-work.ts'
import { Search } from './search.ts'
import { bytesOf } from './sub-problems.ts'

export interface ParallelOptions {
  readonly executor: Executor
  readonly isCounterexample: (point: Float64Array) => boolean
  /** Called every round: sub-problems done and open, and the least bound of the open ones. */
  readonly onProgress?: ((done: number, open: number, bound: number) => void) | undefined
}

/** Milliseconds in this thread at first, and of each round. */
const ALONE = 300
const ROUND = 400
/** Most bytes of open sub-problems. */
const MEMORY = 2 ** 31

export class ParallelSearch implements Resumable {
  readonly #engine: Engine
  readonly #condensed: Condensed
  readonly #options: ParallelOptions
  readonly #frontier = new Frontier()
  #crew: Crew<SearchJob, Explored> | undefined
  #begun = false

  constructor(engine: Engine, condensed: Condensed, options: ParallelOptions) {
    this.#engine = engine
    this.#condensed = condensed
    this.#options = options
  }

  async run(deadline: Deadline): Promise<CompleteResult> {
    const { executor, onProgress } = this.#options
    const frontier = this.#frontier
    const point = this.#begun ? undefined : await this.#begin(deadline)
    if (point) return { verdict: 'vulnerable', point }
    while (frontier.size > 0) {
      const { bound, count, size, worst } = frontier
      onProgress?.(count, size, worst)
      const left = deadline.left()
      if (left <= 0) return { verdict: 'undecided', bound, reason: 'timeout' }
      if (size * bytesOf(this.#condensed) > MEMORY) return { verdict: 'undecided', bound, reason: 'memory' }
      this.#crew ??= executor.start(searchTask, this.#condensed)
      const found = await this.#round(this.#crew, Math.min(ROUND, left), deadline.signal)
      if (found) return { verdict: 'vulnerable', point: found }
    }
    return frontier.conclude()
  }

  async close(): Promise<void> {
    await this.#crew?.close()
  }

  /** In this thread. @returns a counterexample, if it found one */
  async #begin(deadline: Deadline): Promise<Float64Array | undefined> {
    const mark = this.#engine.mark()
    const search = new Search(this.#engine, this.#condensed, this.#options)
    try {
      search.addRoots(deadline)
      await search.explore(deadline.orIn(ALONE))
      const { least, leastLeft, count } = search
      this.#frontier.take([{ least, leastLeft, count, open: search.takeOpen() }])
      this.#begun = true
      return search.point
    } finally {
      search.close()
      this.#engine.release(mark)
    }
  }

  /** @returns a counterexample, if one was found */
  async #round(
    crew: Crew<SearchJob, Explored>,
    milliseconds: number,
    signal: AbortSignal | undefined,
  ): Promise<Float64Array | undefined> {
    const shares = this.#frontier.deal(crew.size)
    const job: SearchJob = { shares, milliseconds }
    const results = await collect(crew.run(job, shares.length, signal))
    this.#frontier.take(results)
    return results.flatMap(({ candidates }) => candidates).find(this.#options.isCounterexample)
  }
}
