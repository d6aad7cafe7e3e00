/** Runs a table of instances, one after the other. */
import { UserError } from '../errors.ts'
import { type Property, checkProperty } from '../formats/vnnlib/property.ts'
import type { Graph } from '../networks/graph.ts'
import { type Verifier, verifyInstance } from './instances.ts'
import type { ResultName, ResultRow, ResultsFile } from './instances-results.ts'
import { type Instance, instanceFile } from './instances-table.ts'

export interface RunInstancesOptions {
  /** Path of the table: files in it are relative to its folder. */
  readonly table: string
  readonly loadNetwork: (path: string) => Graph
  readonly loadProperty: (path: string) => Property
  readonly verify: Verifier
  readonly workers: number
  readonly seed: number
  /** @param done instances, those of a run before included */
  readonly onProgress?: (done: number) => void
  /** Told of errors that are not the user's. */
  readonly onFailure?: (error: unknown) => void
}

/**
 * Appends a row for every instance that has none yet; the time limit of an instance counts from before its files are
 * read. What goes wrong with one is its row's error, and the others go on.
 * @returns the result of every instance
 * @throws UserError if results cannot be written
 */
export async function runInstances(
  instances: readonly Instance[],
  file: ResultsFile,
  options: RunInstancesOptions,
): Promise<ResultName[]> {
  const results = [...file.done]
  const load = keepLast(options.loadNetwork)
  for (const instance of instances.slice(results.length)) {
    options.onProgress?.(results.length)
    const row = await runInstance(instance, load, options)
    file.append(row)
    results.push(row.result)
  }
  options.onProgress?.(results.length)
  return results
}

async function runInstance(
  instance: Instance,
  load: (path: string) => Graph,
  { table, loadProperty, verify, workers, seed, onFailure }: RunInstancesOptions,
): Promise<ResultRow> {
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  try {
    const graph = load(instanceFile(table, instance.network))
    const property = loadProperty(instanceFile(table, instance.property))
    checkProperty(graph, property)
    const timeout = instance.timeout - seconds()
    const { verdict, method, bound, reason } = await verifyInstance(graph, property, verify, { timeout, workers, seed })
    return { ...instance, result: verdict, seconds: seconds(), method, bound, reason }
  } catch (error) {
    if (!(error instanceof UserError)) onFailure?.(error)
    const reason = error instanceof Error ? error.message : String(error)
    return { ...instance, result: 'error', seconds: seconds(), method: undefined, bound: undefined, reason }
  }
}

/** Successive instances often share a network, and only those: one is kept. */
function keepLast(load: (path: string) => Graph): (path: string) => Graph {
  let last: { path: string; graph: Graph } | undefined
  return (path) => {
    if (last?.path !== path) last = { path, graph: load(path) }
    return last.graph
  }
}
