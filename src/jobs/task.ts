/**
 * What is to be done: work that a worker prepares once, and whose jobs are cut into numbered parts. A task has a name,
 * so that a thread or a queue can look it up, and its code is loaded only where it runs.
 */

/** Does one part of a job. Long parts heed the signal; in a thread there is none, since the thread is stopped instead. */
export type Part<Job, Result> = (job: Job, part: number, signal?: AbortSignal) => Result | Promise<Result>

/**
 * Makes a worker ready. Setup, jobs and results may be copied on their way, except for memory that is shared.
 * @param atEnd takes what frees memory that no garbage collector sees, for where no thread ends with the worker
 */
export type Prepare<Setup, Job, Result> = (
  setup: Setup,
  atEnd: (free: () => void) => void,
) => Promise<Part<Job, Result>>

export interface Task<Setup, Job, Result> {
  /** No other task of a registry has it. */
  readonly name: string
  readonly load: () => Promise<{ readonly prepare: Prepare<Setup, Job, Result> }>
}

/** A task, with the types of the module that does it. */
export const task = <Setup, Job, Result>(
  name: string,
  load: Task<Setup, Job, Result>['load'],
): Task<Setup, Job, Result> => ({ name, load })

/** Tasks by name. A thread imports the module that lists them, which must export it as `registry`. */
export interface Registry {
  /** Of that module: `import.meta.url`. */
  readonly url: string
  readonly tasks: readonly Task<never, never, unknown>[]
}

/** @throws Error if the registry lacks a task of this name */
export function findTask({ tasks, url }: Registry, name: string): Task<never, never, unknown> {
  const found = tasks.find((one) => one.name === name)
  if (!found) throw new Error(`the task '${name}' is not in ${url}`)
  return found
}
