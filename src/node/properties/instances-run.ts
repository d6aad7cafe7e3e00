/** Runs a table of instances, one after the other. */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { UserError } from '../../base/errors.ts'
import { readWholeFile } from '../atomic.ts'
import type { CounterexampleFolder } from './counterexample-files.ts'
import { type Decide, epochNow } from './instance-files.ts'
import type { PropertyResult } from '../../ladder/verify-property.ts'
import type { KeptRow, ResultName, ResultsFile } from './instances-results.ts'
import { type Instance, instanceFile } from './instances-table.ts'

export interface RunInstancesOptions {
  /** Path of the table: files in it are relative to its folder. */
  readonly table: string
  readonly decide: Decide
  readonly workers: number
  readonly seed: number
  /** Where counterexamples go, if they are kept. */
  readonly counterexamples?: CounterexampleFolder | undefined
  /** @param done instances, those of a run before included */
  readonly onProgress?: (done: number) => void
  /** Told why an instance that has a row is done again. */
  readonly onStale?: (why: string, instance: Instance) => void
  /** Told of errors that are not the user's. */
  readonly onFailure?: (error: unknown) => void
}

/**
 * Writes a row for every instance that has none yet, or has one of other files, another timeout or without the
 * counterexample that is to be kept; the time limit of an instance counts from before its files are read. What goes
 * wrong with one is its row's error, and the others continue.
 * @returns the result of every instance
 * @throws UserError if results cannot be written
 */
export async function runInstances(
  instances: readonly Instance[],
  file: ResultsFile,
  options: RunInstancesOptions,
): Promise<ResultName[]> {
  const results: ResultName[] = []
  const { table, counterexamples, onProgress, onStale } = options
  const hashOfNetwork = keepLast(hashOf)
  for (const [index, instance] of instances.entries()) {
    onProgress?.(index)
    const start = epochNow()
    const paths = {
      network: instanceFile(table, instance.network),
      property: instanceFile(table, instance.property),
    }
    // before the files are read: if they change meanwhile, the row is one of other files
    const hashes = { networkHash: hashOfNetwork(paths.network), propertyHash: hashOf(paths.property) }
    const kept = file.kept[index]
    const why = kept && whyStale(kept, instance, hashes, counterexamples)
    if (kept && why === undefined) {
      results.push(kept.result)
      continue
    }
    if (why !== undefined) onStale?.(why, instance)
    const { counterexample: found, ...outcome } = await runInstance(paths, start, instance.timeout, options)
    const seconds = (epochNow() - start) / 1000
    const counterexample = counterexamples?.put(index, instance, found)
    file.put(index, { ...instance, ...outcome, ...hashes, seconds, counterexample })
    results.push(outcome.result)
  }
  onProgress?.(results.length)
  return results
}

/** What has changed since a row was written; undefined if nothing has. */
function whyStale(
  kept: KeptRow,
  { network, property, timeout }: Instance,
  { networkHash, propertyHash }: Pick<KeptRow, 'networkHash' | 'propertyHash'>,
  counterexamples: CounterexampleFolder | undefined,
): string | undefined {
  if (kept.networkHash !== networkHash) return `${network} has changed`
  if (kept.propertyHash !== propertyHash) return `${property} has changed`
  if (kept.timeout !== timeout) return `the timeout was ${kept.timeout}, and is ${timeout}`
  if (!counterexamples || kept.result !== 'sat') return undefined
  const { counterexample: name } = kept
  return name !== undefined && counterexamples.has(name) ? undefined : `${counterexamples.path} lacks a counterexample`
}

async function runInstance(
  paths: { readonly network: string; readonly property: string },
  start: number,
  timeout: number,
  { decide, workers, seed, onFailure }: RunInstancesOptions,
): Promise<Omit<PropertyResult, 'verdict' | 'reason'> & { result: ResultName; reason: string | undefined }> {
  try {
    const end = start + 1000 * timeout
    const { verdict, method, bound, reason, counterexample } = await decide({ ...paths, end, workers, seed })
    return { result: verdict, method, bound, reason, counterexample }
  } catch (error) {
    if (!(error instanceof UserError)) onFailure?.(error)
    const reason = error instanceof Error ? error.message : String(error)
    return { result: 'error', method: undefined, bound: undefined, reason, counterexample: undefined }
  }
}

/** Of the file's bytes; empty if it cannot be read, which is the row's error. */
function hashOf(path: string): string {
  try {
    // a pipe or a device might never end
    if (!statSync(path).isFile()) return ''
    return createHash('sha256').update(readWholeFile(path)).digest('hex')
  } catch {
    return ''
  }
}

/** Networks are read once for successive instances, so their hash is of the file as it was then. */
function keepLast(of: (path: string) => string): (path: string) => string {
  let last: { path: string; value: string } | undefined
  return (path) => {
    if (last?.path !== path) last = { path, value: of(path) }
    return last.value
  }
}
