/** Who does the parts of a job: the calling thread (inline.ts), threads of Node, or whatever an adapter provides. */
import type { Task } from './task.ts'

export interface Executor {
  /** How many parts can be done at the same time. */
  readonly workers: number
  /**
   * Starts workers that prepare a task.
   * @param size how many are of use; no more than `workers` are started
   */
  start<Setup, Job, Result>(task: Task<Setup, Job, Result>, setup: Setup, size?: number): Crew<Job, Result>
}

/** The workers of one task. */
export interface Crew<Job, Result> {
  readonly size: number
  /**
   * Runs parts 0 to `parts` − 1 of a job, one job at a time; each is claimed by whichever worker is free. The job begins
   * when the results are asked for. Who stops asking ends it: workers finish the parts that they are at, and no others.
   * An abort ends it at once, and closes the crew.
   * @returns the results as they come, in no particular order
   * @throws what a part threw; the signal's reason; a UserError if a worker died
   */
  run(job: Job, parts: number, signal?: AbortSignal): AsyncIterable<PartResult<Result>>
  /** Stops all workers, whatever they are at, and waits until they have stopped. A running job fails. */
  close(): Promise<void>
}

export interface PartResult<Result> {
  readonly part: number
  readonly result: Result
}

/** Waits for a whole job. @returns its results by part */
export async function collect<Result>(run: AsyncIterable<PartResult<Result>>): Promise<Result[]> {
  const results: Result[] = []
  for await (const { part, result } of run) results[part] = result
  return results
}

/** The results of a whole job in the order of its parts. */
export async function* inOrder<Result>(run: AsyncIterable<PartResult<Result>>): AsyncGenerator<Result> {
  const early = new Map<number, Result>()
  let next = 0
  for await (const { part, result } of run) {
    early.set(part, result)
    for (; early.has(next); next++) {
      yield early.get(next)!
      early.delete(next)
    }
  }
}

/** Items that are ready, until a signal comes. @throws the signal's reason */
export function* untilAborted<Item>(items: Iterable<Item>, signal: AbortSignal | undefined): Generator<Item> {
  for (const item of items) {
    signal?.throwIfAborted()
    yield item
  }
}

/** What a job fails with when its crew is closed. */
export const closed = (): Error => new Error('the crew is closed')

/** What a second job at the same time fails with. */
export const busy = (): Error => new Error('a job is running already')
