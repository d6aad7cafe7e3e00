/**
 * Worker threads that share the tasks of a job: each claims the next task as soon as it is free, and results come
 * back by task, so that nothing depends on which worker did what. A worker that dies fails the job; nothing hangs.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { UserError } from '../base/errors.ts'

interface Job {
  readonly id: number
  readonly kind: string
  readonly payload: unknown
  readonly tasks: number
}

type Reply =
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

/** More tasks than any job has: nothing is left to claim. */
const NONE_LEFT = 2 ** 30

/** What every worker is started with, besides its script's own data. */
interface Setup<T> {
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
      const worker = new Worker(script, { workerData: { claimed: this.#claimed, data } satisfies Setup<unknown> })
      worker.on('message', (reply: Reply) => this.#onMessage(reply))
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
      for (const worker of this.#workers) worker.postMessage({ id, kind, payload, tasks } satisfies Job)
    }).finally(() => (this.#current = undefined))
    return results
  }

  async close(): Promise<void> {
    this.#broken ??= new Error('the pool is closed')
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #onMessage(reply: Reply): void {
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
  const { claimed, data } = workerData as Setup<T>
  const port = parentPort!
  const handler = start(data)
  port.on('message', async ({ id, kind, payload, tasks }: Job) => {
    try {
      const handle = await handler
      for (let task = Atomics.add(claimed, 0, 1); task < tasks; task = Atomics.add(claimed, 0, 1)) {
        port.postMessage({ id, task, result: await handle(kind, payload as never, task) } satisfies Reply)
      }
      port.postMessage({ id, done: true } satisfies Reply)
    } catch (thrown) {
      const error = thrown as Error
      port.postMessage({
        id,
        error: { name: error.name, message: error.message, stack: error.stack ?? '' },
      } satisfies Reply)
    }
  })
}
