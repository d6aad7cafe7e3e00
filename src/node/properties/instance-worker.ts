/** A thread that decides instances from their files, and that can be stopped whatever it is at: see limited.ts. */
import { type SearchChoice, verifyQuestion } from '../../ladder/verify-question.ts'
import { serve } from '../threads.ts'
import { loadAnyNetwork } from '../any-network.ts'
import { readVnnlib } from './property-file.ts'
import { type InstanceTask, decideFiles } from './instance-files.ts'
import type { Verifier } from '../../ladder/verify-property.ts'

serve<{ readonly complete: SearchChoice }>(async ({ complete }) => {
  const verify: Verifier = (graph, question, options) => verifyQuestion(graph, question, { ...options, complete })
  const decide = decideFiles((path, output) => loadAnyNetwork(path, { output }).graph, readVnnlib, verify)
  return (_kind, task: InstanceTask) => decide(task)
})
