/** What a worker of a crew does: prepares the task that it is started for, and does parts of its jobs. */
import type { Order, Reply, Start } from './shared-crew.ts'
import { type Registry, findTask } from './task.ts'
import { pack } from './thrown.ts'

/** @returns what to call with each order */
export function serve(
  { claimed, name, setup }: Start,
  registry: Registry,
  reply: (message: Reply) => void,
): (order: Order) => Promise<void> {
  const prepared = prepare(registry, name, setup)
  // the first job is told
  prepared.catch(() => undefined)
  return async ({ job, parts }) => {
    try {
      const work = await prepared
      for (let part = Atomics.add(claimed, 0, 1); part < parts; part = Atomics.add(claimed, 0, 1)) {
        reply({ part, result: await work(job as never, part) })
      }
      reply({ done: true })
    } catch (error) {
      reply({ thrown: pack(error) })
    }
  }
}

async function prepare(registry: Registry, name: string, setup: unknown) {
  const task = await findTask(registry, name).load()
  return task.prepare(setup as never, () => undefined)
}
