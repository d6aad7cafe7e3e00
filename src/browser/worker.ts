/** The script of every web worker: does parts of the jobs of the task that it is started for. See web-workers.ts. */
import { serve } from '../jobs/serve.ts'
import type { Order, Start } from '../jobs/shared-crew.ts'
import { registry } from '../workers/registry.ts'

let answer: ((order: Order) => Promise<void>) | undefined
addEventListener('message', ({ data }) => {
  if (answer) void answer(data as Order)
  else answer = serve(data as Start, registry, postMessage)
})
