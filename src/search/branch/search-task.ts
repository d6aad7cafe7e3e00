/** Branch and bound as its workers see it: a part explores a share of the open sub-problems for a while. */
import { task } from '../../jobs/task.ts'

export const searchTask = task('search', () => import('./search-work.ts'))
