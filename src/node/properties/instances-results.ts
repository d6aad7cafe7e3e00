/**
 * The results of a table of instances: one row each, in the order of the table. A row is flushed to the disk before the
 * next instance begins, so a killed run leaves whole rows, and at worst a torn last line, which resuming cuts off. Rows
 * say what they were made of, so that those of other files are found and replaced, and those of other settings refused.
 */
import { appendFileSync } from 'node:fs'
import { UserError } from '../../base/errors.ts'
import { explainFileError, writeFileAtomic } from '../atomic.ts'
import { readBegun } from '../line-file.ts'
import type { Verdict } from '../../ladder/verify-property.ts'
import { type Instance, formatCsvRow, parseCsvRow } from './instances-table.ts'

const results = ['unsat', 'sat', 'timeout', 'unknown', 'error'] as const satisfies readonly (Verdict | 'error')[]
export type ResultName = (typeof results)[number]

/** What is kept of a row for a run that continues. */
export interface KeptRow {
  /** error: it could not be read, or a step of it failed. */
  readonly result: ResultName
  readonly timeout: number
  /** Name of the file with the counterexample, if one was kept. */
  readonly counterexample: string | undefined
  /** SHA-256 of the files; empty if there was none. */
  readonly networkHash: string
  readonly propertyHash: string
}

export interface ResultRow extends Instance, KeptRow {
  readonly seconds: number
  readonly method: string | undefined
  readonly bound: number | undefined
  /** Why it is not decided, or what the error was. */
  readonly reason: string | undefined
}

export class ResultsFile {
  /** Rows that were there when it was opened: of the first instances. */
  readonly kept: readonly KeptRow[]
  readonly #path: string
  readonly #settings: string
  readonly #lines: string[]

  /**
   * Opens the file of a run: a new one, or with `resume` also one that a run of the same instances has begun.
   * @param settings all but the files and timeouts that rows depend on, for people
   * @throws UserError if it exists and `resume` is false, if it has results of other instances or settings or is no such
   *   file, or if it cannot be read or written
   */
  constructor(path: string, instances: readonly Instance[], settings: string, resume: boolean) {
    this.#path = path
    this.#settings = settings
    const begun = parse(path, readBegun(path, resume) ?? Buffer.of(), instances, settings)
    this.kept = begun.map(({ row }) => row)
    this.#lines = begun.map(({ line }) => line)
    this.#rewrite()
  }

  /**
   * network, property, result, seconds as in VNN-COMP; then method, bound, timeout, reason, counterexample, the hashes of
   * the files, settings. What is unknown is empty.
   * @param index of the instance: of one that has a row, or the first that has none
   * @throws UserError if it cannot be written
   */
  put(index: number, row: ResultRow): void {
    const { network, property, result, seconds, method, bound, timeout, reason, counterexample } = row
    const isNew = index === this.#lines.length
    this.#lines[index] = formatCsvRow([
      ...[network, property, result, seconds.toFixed(3), method ?? '', bound ?? '', timeout, reason ?? ''],
      ...[counterexample ?? '', row.networkHash, row.propertyHash, this.#settings],
    ])
    if (!isNew) return this.#rewrite()
    try {
      appendFileSync(this.#path, `${this.#lines[index]}\n`, { flush: true })
    } catch (error) {
      throw explainFileError(error, 'write', this.#path)
    }
  }

  #rewrite(): void {
    writeFileAtomic(this.#path, this.#lines.map((line) => `${line}\n`).join(''))
  }
}

interface Line {
  readonly line: string
  readonly row: KeptRow
}

/** @returns the whole rows */
function parse(path: string, content: Buffer, instances: readonly Instance[], settings: string): Line[] {
  const bytes = content.lastIndexOf('\n') + 1
  const lines = content.toString('utf8', 0, bytes).split('\n').slice(0, -1)
  const other = (line: number) =>
    new UserError(`${path} has results of other instances (line ${line})`, { code: 'other-run' })
  if (lines.length > instances.length) throw other(instances.length + 1)
  const found = lines.map((line, i): Line => {
    const [network, property, name, , , , timeout, , counterexample, networkHash, propertyHash, made, ...more] =
      parseCsvRow(line) ?? []
    const result = results.find((known) => known === name)
    const same = network === instances[i].network && property === instances[i].property && Number(timeout) > 0
    if (!same || !result || more.length > 0) throw other(i + 1)
    if (networkHash === undefined || propertyHash === undefined || made === undefined) {
      throw new UserError(
        `${path}, line ${i + 1} does not say from which files and settings it is, as robustra up to 0.3.0 wrote it`,
        { code: 'other-run' },
      )
    }
    if (made !== settings) {
      throw new UserError(
        `${path} was made by other settings, which can continue it (line ${i + 1}: '${made}', and now '${settings}')`,
        { code: 'other-run' },
      )
    }
    const row = { result, timeout: Number(timeout), counterexample: counterexample || undefined }
    return { line, row: { ...row, networkHash, propertyHash } }
  })
  // of a killed run this is the beginning of the next row; anything else is not ours to overwrite
  const next = instances[found.length]
  const head = Buffer.from(next ? `${formatCsvRow([next.network, next.property])},` : '')
  const torn = content.subarray(bytes)
  const common = Math.min(head.length, torn.length)
  if ((!next && torn.length > 0) || !torn.subarray(0, common).equals(head.subarray(0, common))) {
    throw other(found.length + 1)
  }
  return found
}
