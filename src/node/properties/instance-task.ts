/** Instances of verification, as the thread that decides them sees them. */
import { type Registry, task } from '../../jobs/task.ts'

export const instanceTask = task('instance', () => import('./instance-worker.ts'))

/** The tasks of this folder. */
export const registry: Registry = { url: import.meta.url, tasks: [instanceTask] }
