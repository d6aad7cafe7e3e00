/** Attacks on two networks for Figure 1, as workers see them. */
import { type Registry, task } from '../jobs/task.ts'

export const transferTask = task('transfer', () => import('./transfer-worker.ts'))

/** The tasks of experiments. */
export const registry: Registry = { url: import.meta.url, tasks: [transferTask] }
