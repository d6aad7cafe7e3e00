/** Attacks as their workers see them: a part is a run of images. */
import { task } from '../jobs/task.ts'

export const attackTask = task('attack', () => import('./attack-worker.ts'))
