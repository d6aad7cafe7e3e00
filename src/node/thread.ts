/** The script of every thread: does parts of the jobs of the task that it is started for. See threads.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { serve } from '../jobs/serve.ts'
import type { Registry } from '../jobs/task.ts'
import type { ThreadData } from './threads.ts'

const { start, url } = workerData as ThreadData
const port = parentPort!
const { registry } = (await import(url)) as { readonly registry: Registry }
port.on(
  'message',
  serve(start, registry, (message) => port.postMessage(message)),
)
