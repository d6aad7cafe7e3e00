/**
 * The results of a table of instances: one row each, in the order of the table. A row is flushed to the disk before the
 * next instance begins, so a killed run leaves whole rows, and at worst a torn last line: resuming cuts that off and
 * goes on behind it.
 */
import { appendFileSync, closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, statSync } from 'node:fs'
import { UserError } from '../errors.ts'
import { explainFileError, hasCode } from '../formats/atomic.ts'
import type { Verdict } from './instances.ts'
import { type Instance, formatCsvRow, parseCsvRow } from './instances-table.ts'

const results = ['unsat', 'sat', 'timeout', 'unknown', 'error'] as const satisfies readonly (Verdict | 'error')[]
export type ResultName = (typeof results)[number]

/** network, property, result, seconds as in VNN-COMP; then method, bound, timeout, reason, which may be empty. */
export interface ResultRow extends Instance {
  /** error: it could not be read, or a step of it failed. */
  readonly result: ResultName
  readonly seconds: number
  readonly method: string | undefined
  readonly bound: number | undefined
  /** Why it is not decided, or what the error was. */
  readonly reason: string | undefined
}

export class ResultsFile {
  readonly path: string
  readonly #descriptor: number
  /** Results that were there when it was opened: of the first instances. */
  readonly done: readonly ResultName[]

  /**
   * Opens the file of a run: a new one, or with `resume` also one that a run of the same instances has begun.
   * @throws UserError if it exists and `resume` is false, if it has results of other instances or is no such file, or
   *   if it cannot be read or written
   */
  constructor(path: string, instances: readonly Instance[], resume: boolean) {
    this.path = path
    const content = resume ? readIfThere(path) : undefined
    const { done, bytes } = content ? parse(path, content, instances) : { done: [], bytes: 0 }
    this.done = done
    try {
      this.#descriptor = openSync(path, content ? 'a' : 'ax')
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw explainFileError(error, 'write', path)
      throw new UserError(`${path} exists already: choose another --out, or go on with --resume`)
    }
    try {
      ftruncateSync(this.#descriptor, bytes)
    } catch (error) {
      this.close()
      throw explainFileError(error, 'write', path)
    }
  }

  /** @throws UserError if it cannot be written */
  append({ network, property, timeout, result, seconds, method, bound, reason }: ResultRow): void {
    const end = [result, seconds.toFixed(3), method ?? '', bound ?? '', timeout, reason ?? '']
    try {
      appendFileSync(this.#descriptor, `${formatCsvRow([network, property, ...end])}\n`)
      fsyncSync(this.#descriptor)
    } catch (error) {
      throw explainFileError(error, 'write', this.path)
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** @returns undefined if there is no such file */
function readIfThere(path: string): Buffer | undefined {
  try {
    // a pipe or a device might never end
    if (!statSync(path).isFile()) throw new UserError(`${path} is not a regular file: choose another --out`)
    return readFileSync(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw explainFileError(error, 'read', path)
  }
}

/** @returns the results of the whole rows, and how many bytes they take: what comes behind is torn */
function parse(path: string, content: Buffer, instances: readonly Instance[]): { done: ResultName[]; bytes: number } {
  const bytes = content.lastIndexOf('\n') + 1
  const lines = content.toString('utf8', 0, bytes).split('\n').slice(0, -1)
  const other = (line: number) =>
    new UserError(`${path} has results of other instances (line ${line}): choose another --out`)
  if (lines.length > instances.length) throw other(instances.length + 1)
  const done = lines.map((line, i) => {
    const { network, property, timeout } = instances[i]
    const row = parseCsvRow(line)
    const result = results.find((name) => name === row?.[2])
    const same = row?.length === 8 && row[0] === network && row[1] === property && row[6] === `${timeout}`
    if (!same || !result) throw other(i + 1)
    return result
  })
  // of a killed run this is the beginning of the next row; anything else is not ours to overwrite
  const next = instances[done.length]
  const head = Buffer.from(next ? `${formatCsvRow([next.network, next.property])},` : '')
  const torn = content.subarray(bytes)
  const common = Math.min(head.length, torn.length)
  if ((!next && torn.length > 0) || !torn.subarray(0, common).equals(head.subarray(0, common))) {
    throw other(done.length + 1)
  }
  return { done, bytes }
}
