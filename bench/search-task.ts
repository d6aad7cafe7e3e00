/** The search of a benchmark, as its workers see it. */
import { type Registry, task } from '../src/jobs/task.ts'

export const searchBenchTask = task('search bench', () => import('./search-worker.ts'))

/** The tasks of benchmarks. */
export const registry: Registry = { url: import.meta.url, tasks: [searchBenchTask] }
