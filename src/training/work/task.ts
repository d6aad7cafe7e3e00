/** Training as its workers see it: gradients, sums, updates and validation of networks in shared memory. */
import { task } from '../../jobs/task.ts'

export const trainingTask = task('training', () => import('./do-part.ts'))
