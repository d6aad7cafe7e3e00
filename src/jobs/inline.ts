/** The executor without threads: the calling thread does one part after the other, and lets others have their turn. */
import { type Crew, type Executor, type PartResult, busy, closed } from './executor.ts'
import type { Part, Task } from './task.ts'
import { Turns } from '../base/turns.ts'

export const inline: Executor = {
  workers: 1,
  start: (task, setup) => new InlineCrew(task, setup),
}

class InlineCrew<Setup, Job, Result> implements Crew<Job, Result> {
  readonly size = 1
  readonly #prepare: () => Promise<Part<Job, Result>>
  #prepared: Promise<Part<Job, Result>> | undefined
  readonly #frees: (() => void)[] = []
  /** Ends the job that is running. */
  #running: AbortController | undefined
  /** What was begun last; it may be late to notice that the job has ended. */
  #begun: Promise<unknown> = Promise.resolve()
  #broken: { readonly reason: unknown } | undefined

  constructor(task: Task<Setup, Job, Result>, setup: Setup) {
    this.#prepare = async () => (await task.load()).prepare(setup, (free) => this.#frees.push(free))
  }

  async *run(job: Job, parts: number, signal?: AbortSignal): AsyncGenerator<PartResult<Result>> {
    if (this.#running) throw busy()
    const running = (this.#running = new AbortController())
    const abort = () => this.#break(signal!.reason)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
    try {
      if (this.#broken) throw this.#broken.reason
      const turns = new Turns(running.signal)
      this.#prepared ??= this.#prepare()
      const work = await this.#until(running.signal, this.#prepared)
      for (let part = 0; part < parts; part++) {
        await turns.give()
        const result = await this.#until(running.signal, work(job, part, running.signal))
        yield { part, result }
        running.signal.throwIfAborted()
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#running = undefined
      if (this.#broken) void this.close()
    }
  }

  async close(): Promise<void> {
    this.#break(closed())
    await this.#begun
    for (const free of this.#frees.splice(0)) free()
  }

  /** What the work gives, unless an abort comes before. */
  async #until<T>(signal: AbortSignal, work: T | Promise<T>): Promise<T> {
    if (!(work instanceof Promise)) return work
    this.#begun = work.catch(() => undefined)
    let abort = () => {}
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason)
      signal.addEventListener('abort', abort)
    })
    try {
      return await Promise.race([work, aborted])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #break(reason: unknown): void {
    this.#broken ??= { reason }
    this.#running?.abort(this.#broken.reason)
    this.#prepared = undefined
  }
}
