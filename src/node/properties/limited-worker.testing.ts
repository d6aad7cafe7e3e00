/** Instead of instance-worker.ts: does what the network's name says, and counts what this thread was asked. */
import { serve } from '../threads.ts'
import { UserError } from '../../base/errors.ts'
import type { InstanceTask } from './instance-files.ts'

serve(async () => {
  let asked = 0
  return (_kind, { network }: InstanceTask) => {
    asked++
    if (network === 'refuse') throw new UserError('refused')
    if (network === 'die') process.exit(3)
    while (network === 'hang');
    return { verdict: 'unsat', bound: asked }
  }
})
