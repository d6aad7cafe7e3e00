/** The executor of Node's threads, whose jobs are shared-crew.ts's business. */
import { Worker } from 'node:worker_threads'
import { UserError, requireWhole } from '../base/errors.ts'
import type { Executor } from '../jobs/executor.ts'
import { type Reply, SharedCrew, type Start, type StartWorker } from '../jobs/shared-crew.ts'
import { type Registry, findTask } from '../jobs/task.ts'
import { registry as core } from '../workers/registry.ts'

/** What a thread is started with. */
export interface ThreadData {
  readonly start: Start
  /** Of the registry that has the task. */
  readonly url: string
}

/** More would only take memory. */
export const MOST_WORKERS = 256

/**
 * @param registry of every task that will be started
 * @throws UserError for a number of workers that makes no sense
 */
export function threads(workers: number, registry: Registry = core): Executor {
  requireWhole('the number of workers', workers, 1, MOST_WORKERS)
  return {
    workers,
    start: ({ name }, setup, size = workers) => {
      findTask(registry, name)
      return new SharedCrew(Math.min(size, workers), { name, setup }, startThread(registry.url))
    },
  }
}

/** The thread's script, in the language that this module is running in. */
const script = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)

/** @param url of the registry */
const startThread =
  (url: string): StartWorker =>
  (start, onReply, onDeath) => {
    const thread = new Worker(script, { workerData: { start, url } satisfies ThreadData })
    thread.on('message', (reply: Reply) => onReply(reply))
    thread.on('error', (error) => onDeath(failed(error)))
    thread.on('exit', (code) => onDeath(new UserError(`a worker stopped unexpectedly (exit code ${code})`)))
    return { send: (order) => thread.postMessage(order), stop: () => thread.terminate() }
  }

function failed(error: Error & { readonly code?: string }): UserError {
  const why = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'ran out of memory: use fewer workers' : error.message
  return new UserError(`a worker failed: ${why}`, { cause: error })
}
