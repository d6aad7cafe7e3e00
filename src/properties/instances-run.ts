/** Runs a table of instances, one after the other. */
import { UserError } from '../errors.ts'
import { type Decide, epochNow } from './instance-files.ts'
import type { ResultName, ResultRow, ResultsFile } from './instances-results.ts'
import { type Instance, instanceFile } from './instances-table.ts'

export interface RunInstancesOptions {
  /** Path of the table: files in it are relative to its folder. */
  readonly table: string
  readonly decide: Decide
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
  for (const instance of instances.slice(results.length)) {
    options.onProgress?.(results.length)
    const row = await runInstance(instance, options)
    file.append(row)
    results.push(row.result)
  }
  options.onProgress?.(results.length)
  return results
}

async function runInstance(
  instance: Instance,
  { table, decide, workers, seed, onFailure }: RunInstancesOptions,
): Promise<ResultRow> {
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  try {
    const { verdict, method, bound, reason } = await decide({
      network: instanceFile(table, instance.network),
      property: instanceFile(table, instance.property),
      ...{ end: epochNow() + 1000 * instance.timeout, workers, seed },
    })
    return { ...instance, result: verdict, seconds: seconds(), method, bound, reason }
  } catch (error) {
    if (!(error instanceof UserError)) onFailure?.(error)
    const reason = error instanceof Error ? error.message : String(error)
    return { ...instance, result: 'error', seconds: seconds(), method: undefined, bound: undefined, reason }
  }
}
