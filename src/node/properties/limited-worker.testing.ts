/** Instead of instance-worker.ts: does what the network's name says, and counts what this thread was asked. */
import { UserError } from '../../base/errors.ts'
import { type Registry, task } from '../../jobs/task.ts'
import type { PropertyResult } from '../../ladder/verify-property.ts'
import type { InstanceJob } from './instance-files.ts'

async function prepare(_setup: undefined) {
  let asked = 0
  return ({ network }: InstanceJob): PropertyResult => {
    asked++
    if (network === 'refuse') throw new UserError('refused')
    if (network === 'die') process.exit(3)
    while (network === 'hang');
    return { verdict: 'unsat', bound: asked, method: undefined, reason: undefined, counterexample: undefined }
  }
}

export const limitedTask = task('limited', async () => ({ prepare }))

export const registry: Registry = { url: import.meta.url, tasks: [limitedTask] }
