/** Certification as a task, for whoever has workers. */
import { task } from '../jobs/task.ts'

export const certifyTask = task('certify', () => import('./certify-work.ts'))
