/**
 * The executor of Node's threads. They share the parts of a job: each claims the next one as soon as it is free, and
 * results come back by part, so that nothing depends on which thread did what. A thread that dies fails the job;
 * nothing hangs.
 */
import { Worker } from 'node:worker_threads'
import { UserError, requireWhole } from '../base/errors.ts'
import { type Crew, type Executor, type PartResult, busy, closed } from '../jobs/executor.ts'
import { type Registry, findTask } from '../jobs/task.ts'
import { type Thrown, unpack } from '../jobs/thrown.ts'
import { registry as core } from '../workers/registry.ts'

/** What a thread is started with. */
export interface Start {
  /** The next part of the current job. */
  readonly claimed: Int32Array
  /** URL of the registry that has the task of this name. */
  readonly registry: string
  readonly name: string
  readonly setup: unknown
}

/** To every thread: do parts of this job until none is left. */
export interface Order {
  readonly job: unknown
  readonly parts: number
}

/** From a thread: a part's result, the end of its share of a job, or what a part threw, which also is its end. */
export type Reply =
  | { readonly part: number; readonly result: unknown }
  | { readonly done: true }
  | { readonly thrown: Thrown }

/** More would only take memory. */
const MOST = 256
/** More parts than any job has: nothing is left to claim. */
const NONE_LEFT = 2 ** 30

/**
 * @param registry of every task that will be started
 * @throws UserError for a number of workers that makes no sense
 */
export function threads(workers: number, registry: Registry = core): Executor {
  requireWhole('the number of workers', workers, 1, MOST)
  return {
    workers,
    start: ({ name }, setup, size = workers) => {
      findTask(registry, name)
      const claimed = new Int32Array(new SharedArrayBuffer(4))
      return new ThreadCrew(Math.min(size, workers), { claimed, registry: registry.url, name, setup })
    },
  }
}

/** The thread's script, in the language that this module is running in. */
const script = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)

class ThreadCrew<Job, Result> implements Crew<Job, Result> {
  readonly size: number
  readonly #threads: readonly Worker[]
  readonly #claimed: Int32Array
  /** Threads that are at a job, maybe one that no caller waits for any more. */
  #working = 0
  #isRunning = false
  /** Results that have not been taken yet. */
  #arrived: PartResult<Result>[] = []
  /** What a part of the job threw first. */
  #failure: { readonly reason: unknown } | undefined
  /** Why no job can be run any more. */
  #broken: { readonly reason: unknown } | undefined
  /** Called when something has changed. */
  #wake: () => void = () => undefined

  constructor(size: number, start: Start) {
    this.size = size
    this.#claimed = start.claimed
    this.#threads = Array.from({ length: size }, () => {
      const thread = new Worker(script, { workerData: start })
      thread.on('message', (reply: Reply) => this.#onReply(reply))
      thread.on('error', (error) => this.#break(failed(error)))
      thread.on('exit', (code) => this.#break(new UserError(`a worker stopped unexpectedly (exit code ${code})`)))
      return thread
    })
  }

  async *run(job: Job, parts: number, signal?: AbortSignal): AsyncGenerator<PartResult<Result>> {
    if (this.#isRunning) throw busy()
    this.#isRunning = true
    const abort = () => this.#stop(signal!.reason)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
    try {
      while (this.#working > 0 && !this.#broken) await this.#change()
      if (this.#broken) throw this.#broken.reason
      this.#begin({ job, parts })
      while (this.#working > 0 || this.#arrived.length > 0) {
        signal?.throwIfAborted()
        const next = this.#arrived.shift()
        if (next) yield next
        else if (this.#broken ?? this.#failure) break
        else await this.#change()
      }
      const end = this.#broken ?? this.#failure
      if (end) throw end.reason
    } finally {
      signal?.removeEventListener('abort', abort)
      Atomics.store(this.#claimed, 0, NONE_LEFT)
      this.#isRunning = false
    }
  }

  async close(): Promise<void> {
    this.#break(closed())
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }

  #begin(order: Order): void {
    this.#arrived = []
    this.#failure = undefined
    this.#working = this.size
    Atomics.store(this.#claimed, 0, 0)
    for (const thread of this.#threads) thread.postMessage(order)
  }

  #onReply(reply: Reply): void {
    if ('part' in reply) this.#arrived.push(reply as PartResult<Result>)
    else this.#working--
    if ('thrown' in reply) {
      this.#failure ??= { reason: unpack(reply.thrown) }
      // the others end what they are at, and no more
      Atomics.store(this.#claimed, 0, NONE_LEFT)
    }
    this.#wake()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  #break(reason: unknown): void {
    this.#broken ??= { reason }
    this.#wake()
  }

  #stop(reason: unknown): void {
    this.#break(reason)
    void this.close()
  }
}

function failed(error: Error & { readonly code?: string }): UserError {
  const why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'ran out of memory: use fewer workers' : error.message
  return new UserError(`a worker failed: ${why}`, { cause: error })
}
