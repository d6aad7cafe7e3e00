/** One instance of verification from its files. */
import { threads } from '../threads.ts'
import { reasonOf } from '../../search/undecided.ts'
import { type Property, checkProperty } from '../../formats/vnnlib/property.ts'
import type { Graph } from '../../model/graph.ts'
import { type PropertyResult, type Verifier, verifyProperty } from '../../ladder/verify-property.ts'

export interface InstanceJob {
  /** Paths. */
  readonly network: string
  readonly property: string
  /** Name of the network's output, if it is one of several. */
  readonly output?: string | undefined
  /** When to stop, in milliseconds of `epochNow`: reading counts. */
  readonly end: number
  readonly workers: number
  readonly seed: number
}

/** What came of it. @throws UserError for files that cannot be read, or are not of one kind */
export type Decide = (job: InstanceJob) => Promise<PropertyResult>

/** A clock that all threads share: milliseconds. */
export const epochNow = (): number => performance.timeOrigin + performance.now()

/** In the calling thread. Successive instances often share a network, and only those: one is kept. */
export function decideFiles(
  loadNetwork: (path: string, output: string | undefined) => Graph,
  loadProperty: (path: string) => Property,
  verify: Verifier,
): Decide {
  let last: { path: string; output: string | undefined; graph: Graph } | undefined
  const decide: Decide = async ({ network, property: path, output, end, workers, seed }) => {
    if (last?.path !== network || last.output !== output) {
      last = { path: network, output, graph: loadNetwork(network, output) }
    }
    const { graph } = last
    const property = loadProperty(path)
    checkProperty(graph, property)
    return verifyProperty(graph, property, verify, {
      timeout: (end - epochNow()) / 1000,
      executor: threads(workers),
      seed,
    })
  }
  return (job) => decide(job).catch((error: unknown) => undecided(reasonOf(error)))
}

/** Of an instance that could not even be read. */
const undecided = (reason: PropertyResult['reason']): PropertyResult => ({
  ...{ verdict: reason === 'timeout' ? 'timeout' : 'unknown', reason },
  ...{ method: undefined, bound: undefined, counterexample: undefined },
})
