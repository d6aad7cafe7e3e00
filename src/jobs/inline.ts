/** The executor without threads: the calling thread does one part after the other, and lets others have their turn. */
import { type Crew, type Executor, type PartResult, busy, closed } from './executor.ts'
import type { Part, Task } from './task.ts'

/** Milliseconds after which the event loop gets a turn between two parts. */
const TURN = 20

export const inline: Executor = {
  workers: 1,
  start: (task, setup) => new InlineCrew(task, setup),
}

class InlineCrew<Setup, Job, Result> implements Crew<Job, Result> {
  readonly size = 1
  readonly #prepare: () => Promise<Part<Job, Result>>
  #prepared: Promise<Part<Job, Result>> | undefined
  /** Ends the job that is running. */
  #running: AbortController | undefined
  #broken: { readonly reason: unknown } | undefined

  constructor(task: Task<Setup, Job, Result>, setup: Setup) {
    this.#prepare = async () => (await task.load()).prepare(setup)
  }

  async *run(job: Job, parts: number, signal?: AbortSignal): AsyncGenerator<PartResult<Result>> {
    if (signal?.aborted) this.#break(signal.reason)
    if (this.#broken) throw this.#broken.reason
    if (this.#running) throw busy()
    const running = (this.#running = new AbortController())
    const abort = () => this.#break(signal!.reason)
    signal?.addEventListener('abort', abort)
    try {
      this.#prepared ??= this.#prepare()
      const work = await this.#prepared
      let turn = performance.now()
      for (let part = 0; part < parts; part++) {
        if (performance.now() - turn > TURN) {
          await new Promise((resolve) => setTimeout(resolve))
          turn = performance.now()
        }
        running.signal.throwIfAborted()
        const result = await work(job, part, running.signal)
        running.signal.throwIfAborted()
        yield { part, result }
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#running = undefined
    }
  }

  async close(): Promise<void> {
    this.#break(closed())
  }

  #break(reason: unknown): void {
    this.#broken ??= { reason }
    this.#running?.abort(reason)
    // its memory is free once the last part has ended
    this.#prepared = undefined
  }
}
