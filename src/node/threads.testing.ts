/** What the tests of executors have done: a job says what, and to which part it happens. */
import { type Registry, task } from '../jobs/task.ts'

export const testTask = task('test', () => import('./thread-work.testing.ts'))

export const registry: Registry = { url: import.meta.url, tasks: [testTask] }
