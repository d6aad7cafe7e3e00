/** Every task of the library by name, so that threads, web workers and queues look them up in one place. */
import { attackTask } from '../attacks/attack-task.ts'
import type { Registry } from '../jobs/task.ts'
import { certifyTask } from '../ladder/certify-task.ts'
import { searchTask } from '../search/branch/search-task.ts'
import { trainingTask } from '../training/work/task.ts'

export const registry: Registry = {
  url: import.meta.url,
  tasks: [attackTask, certifyTask, searchTask, trainingTask],
}
