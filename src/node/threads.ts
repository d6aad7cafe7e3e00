/**
 * The executor of Node's threads. They share the parts of a job: each claims the next one as soon as it is free, and
 * results come back by part, so that nothing depends on which thread did what. A thread that dies fails the job;
 * nothing hangs.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { UserError } from '../base/errors.ts'
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

/** More parts than any job has: nothing is left to claim. */
const NONE_LEFT = 2 ** 30

/** @param registry of every task that will be started */
export function threads(workers: number, registry: Registry = core): Executor {
  if (!(workers >= 1)) throw new RangeError(`${workers} threads`)
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
  /** Threads that are at a job, perhaps one that nobody waits for any more. */
  #working = 0
  #isRunning = false
  /** Results that nobody has taken yet. */
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

// What follows goes as soon as every worker is a task.

interface PoolJob {
  readonly id: number
  readonly kind: string
  readonly payload: unknown
  readonly tasks: number
}

type PoolReply =
  | { readonly id: number; readonly task: number; readonly result: unknown }
  | { readonly id: number; readonly done: true }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string; readonly stack: string } }

/** The job that is being done. */
interface Running {
  readonly id: number
  /** Workers that have not finished. */
  left: number
  /** What went wrong first; the job fails with it once every worker has stopped. */
  error?: Error
  readonly onReply: (task: number, result: unknown) => void
  readonly finish: (error?: Error) => void
}

/** What every worker is started with, besides its script's own data. */
interface PoolSetup<T> {
  /** Next task of the current job. */
  readonly claimed: Int32Array
  readonly data: T
}

export class WorkerPool {
  readonly size: number
  readonly #workers: Worker[]
  readonly #claimed: Int32Array
  #jobs = 0
  #current: Running | undefined
  #fail: ((error: Error) => void) | undefined
  #broken: Error | undefined

  /**
   * @param script a module that calls `serve`; the '.ts' or '.js' twin of this build is taken
   * @param data given to every worker; SharedArrayBuffers in it are shared
   */
  constructor(script: URL, size: number, data: unknown) {
    if (!(size >= 1)) throw new RangeError(`a pool of ${size} workers`)
    this.size = size
    this.#claimed = new Int32Array(new SharedArrayBuffer(4))
    this.#workers = Array.from({ length: size }, () => {
      const worker = new Worker(script, { workerData: { claimed: this.#claimed, data } satisfies PoolSetup<unknown> })
      worker.on('message', (reply: PoolReply) => this.#onMessage(reply))
      worker.on('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'ran out of memory: use fewer workers' : error.message
        this.#break(new UserError(`a worker failed: ${why}`, { cause: error }))
      })
      worker.on('exit', (code) => this.#break(new UserError(`a worker stopped unexpectedly (exit code ${code})`)))
      return worker
    })
  }

  /**
   * Runs tasks 0 to `tasks` − 1 of a job on all workers.
   * @param onResult called for each task as its result arrives, in no particular order
   * @returns the results by task
   * @throws what a task or `onResult` threw; a UserError if a worker died
   */
  async run<R>(
    kind: string,
    payload: unknown,
    tasks: number,
    onResult?: (task: number, result: R) => void,
  ): Promise<R[]> {
    if (this.#broken) throw this.#broken
    if (this.#current) throw new Error('a job is running already')
    const results: R[] = []
    results.length = tasks
    const id = ++this.#jobs
    Atomics.store(this.#claimed, 0, 0)
    await new Promise<void>((resolve, reject) => {
      const onReply = (task: number, result: unknown) => {
        results[task] = result as R
        onResult?.(task, result as R)
      }
      this.#fail = reject
      this.#current = { id, left: this.size, onReply, finish: (error) => (error ? reject(error) : resolve()) }
      for (const worker of this.#workers) worker.postMessage({ id, kind, payload, tasks } satisfies PoolJob)
    }).finally(() => (this.#current = undefined))
    return results
  }

  async close(): Promise<void> {
    this.#broken ??= new Error('the pool is closed')
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #onMessage(reply: PoolReply): void {
    const current = this.#current
    if (!current || reply.id !== current.id) return
    if ('task' in reply) {
      try {
        current.onReply(reply.task, reply.result)
      } catch (error) {
        this.#stop(current, error as Error)
      }
      return
    }
    if ('error' in reply) {
      const error =
        reply.error.name === 'UserError' ? new UserError(reply.error.message) : new Error(reply.error.message)
      error.stack = reply.error.stack
      this.#stop(current, error)
    }
    if (--current.left === 0) current.finish(current.error)
  }

  /** Lets the workers end what they are at, and no more. */
  #stop(current: Running, error: Error): void {
    current.error ??= error
    Atomics.store(this.#claimed, 0, NONE_LEFT)
  }

  #break(error: Error): void {
    this.#broken ??= error
    this.#fail?.(this.#broken)
  }
}

/** The URL of a worker script beside a module, in the language that the module is running in. */
export const scriptBeside = (moduleUrl: string, name: string): URL =>
  new URL(`${name}${moduleUrl.endsWith('.ts') ? '.ts' : '.js'}`, moduleUrl)

/**
 * Called once by a worker script: answers jobs with `start`'s handler.
 * @param start makes the handler (kind, payload, task) → result from the pool's data
 */
export function serve<T>(start: (data: T) => Promise<(kind: string, payload: never, task: number) => unknown>): void {
  const { claimed, data } = workerData as PoolSetup<T>
  const port = parentPort!
  const handler = start(data)
  port.on('message', async ({ id, kind, payload, tasks }: PoolJob) => {
    try {
      const handle = await handler
      for (let task = Atomics.add(claimed, 0, 1); task < tasks; task = Atomics.add(claimed, 0, 1)) {
        port.postMessage({ id, task, result: await handle(kind, payload as never, task) } satisfies PoolReply)
      }
      port.postMessage({ id, done: true } satisfies PoolReply)
    } catch (thrown) {
      const error = thrown as Error
      port.postMessage({
        id,
        error: { name: error.name, message: error.message, stack: error.stack ?? '' },
      } satisfies PoolReply)
    }
  })
}
