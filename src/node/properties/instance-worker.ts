/** Decides instances from their files, in a thread that can be stopped whatever it is at: see limited.ts. */
import { type SearchChoice, verifyQuestion } from '../../ladder/verify-question.ts'
import { loadAnyNetwork } from '../any-network.ts'
import { readVnnlib } from './property-file.ts'
import { type InstanceJob, decideFiles } from './instance-files.ts'
import type { Verifier } from '../../ladder/verify-property.ts'

export async function prepare({ complete }: { readonly complete: SearchChoice }) {
  const verify: Verifier = (graph, question, options) => verifyQuestion(graph, question, { ...options, complete })
  const decide = decideFiles((path, output) => loadAnyNetwork(path, { output }).graph, readVnnlib, verify)
  return (instance: InstanceJob) => decide(instance)
}
