/**
 * The executor of web workers. They share memory, which browsers allow only to pages that are isolated from other origins
 * (headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp).
 */
import { UserError, requireWhole } from '../base/errors.ts'
import type { Executor } from '../jobs/executor.ts'
import { inline } from '../jobs/inline.ts'
import { type Reply, SharedCrew, type StartWorker } from '../jobs/shared-crew.ts'

/** More would only take memory. */
const MOST = 256

/**
 * @returns `inline`, the executor of the calling thread, where memory cannot be shared
 * @throws UserError for a number of workers that makes no sense
 */
export function webWorkers(workers: number): Executor {
  requireWhole('the number of workers', workers, 1, MOST)
  if (!globalThis.crossOriginIsolated) return inline
  return {
    workers,
    start: ({ name }, setup, size = workers) =>
      new SharedCrew(Math.min(size, workers), { name, setup }, startWebWorker),
  }
}

const startWebWorker: StartWorker = (start, onReply, onDeath) => {
  // bundlers look for this very expression
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  worker.addEventListener('message', ({ data }) => onReply(data as Reply))
  worker.addEventListener('error', ({ message }) =>
    onDeath(new UserError(`a worker failed: ${message ?? 'not loaded'}`)),
  )
  worker.postMessage(start)
  return { send: (order) => worker.postMessage(order), stop: async () => worker.terminate() }
}
