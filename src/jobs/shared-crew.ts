/**
 * A crew whose workers share the parts of a job: each claims the next one as soon as it is free, and results come back by
 * part, so that nothing depends on which worker did what. A worker that dies fails the job; nothing hangs. What a worker
 * is (a thread of Node, a web worker) is the adapters' business.
 */
import type { UserError } from '../base/errors.ts'
import { type Crew, type PartResult, busy, closed } from './executor.ts'
import { type Thrown, unpack } from './thrown.ts'

/** What a worker is started with. */
export interface Start {
  /** The next part of the current job. */
  readonly claimed: Int32Array
  /** Of the task. */
  readonly name: string
  readonly setup: unknown
}

/** To every worker: do parts of this job until none is left. */
export interface Order {
  readonly job: unknown
  readonly parts: number
}

/** From a worker: a part's result, the end of its share of a job, or what a part threw, which also is its end. */
export type Reply =
  | { readonly part: number; readonly result: unknown }
  | { readonly done: true }
  | { readonly thrown: Thrown }

/** A worker, as its crew sees it. */
export interface CrewMember {
  send(order: Order): void
  /** Stops it, whatever it is at, and waits until it has stopped. */
  stop(): Promise<unknown>
}

/** Starts a worker. @param onReply hears what it says @param onDeath hears why it has stopped, if nobody stopped it */
export type StartWorker = (
  start: Start,
  onReply: (reply: Reply) => void,
  onDeath: (error: UserError) => void,
) => CrewMember

/** More parts than any job has: nothing is left to claim. */
const NONE_LEFT = 2 ** 30

export class SharedCrew<Job, Result> implements Crew<Job, Result> {
  readonly size: number
  readonly #workers: readonly CrewMember[]
  readonly #claimed: Int32Array
  /** Workers that are at a job, maybe one that no caller waits for any more. */
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

  constructor(size: number, start: Omit<Start, 'claimed'>, startWorker: StartWorker) {
    this.size = size
    this.#claimed = new Int32Array(new SharedArrayBuffer(4))
    const onReply = (reply: Reply) => this.#onReply(reply)
    const onDeath = (error: UserError) => this.#break(error)
    this.#workers = Array.from({ length: size }, () =>
      startWorker({ claimed: this.#claimed, ...start }, onReply, onDeath),
    )
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
    await Promise.all(this.#workers.map((worker) => worker.stop()))
  }

  #begin(order: Order): void {
    this.#arrived = []
    this.#failure = undefined
    this.#working = this.size
    Atomics.store(this.#claimed, 0, 0)
    for (const worker of this.#workers) worker.send(order)
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
