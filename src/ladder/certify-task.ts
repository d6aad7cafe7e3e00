/** Certification as a task for workers. */
import { task } from '../jobs/task.ts'

export const certifyTask = task('certify', () => import('./certify-work.ts'))
