/** The script of every thread: looks up the task that it is started for, and does parts of its jobs. See threads.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Part, type Registry, findTask } from '../jobs/task.ts'
import { pack } from '../jobs/thrown.ts'
import type { Order, Reply, Start } from './threads.ts'

const { claimed, registry, name, setup } = workerData as Start
const port = parentPort!
const reply = (message: Reply) => port.postMessage(message)

const prepared = prepare()
// the first job is told
prepared.catch(() => undefined)

port.on('message', async ({ job, parts }: Order) => {
  try {
    const work = await prepared
    for (let part = Atomics.add(claimed, 0, 1); part < parts; part = Atomics.add(claimed, 0, 1)) {
      reply({ part, result: await work(job as never, part) })
    }
    reply({ done: true })
  } catch (error) {
    reply({ thrown: pack(error) })
  }
})

async function prepare(): Promise<Part<never, unknown>> {
  const module = (await import(registry)) as { readonly registry: Registry }
  const task = await findTask(module.registry, name).load()
  return task.prepare(setup as never, () => undefined)
}
