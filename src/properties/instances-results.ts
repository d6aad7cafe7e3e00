/**
 * The results of a table of instances: one row each, in the order of the table. A row is flushed to the disk before the
 * next instance begins, so a killed run leaves whole rows, and at worst a torn last line: resuming cuts that off and
 * goes on behind it.
 */
import { UserError } from '../errors.ts'
import { type Begun, LineFile } from '../formats/line-file.ts'
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
  readonly #file: LineFile<readonly ResultName[]>

  /**
   * Opens the file of a run: a new one, or with `resume` also one that a run of the same instances has begun.
   * @throws UserError if it exists and `resume` is false, if it has results of other instances or is no such file, or
   *   if it cannot be read or written
   */
  constructor(path: string, instances: readonly Instance[], resume: boolean) {
    this.#file = new LineFile(path, resume, (content) => parse(path, content, instances))
  }

  /** Results that were there when it was opened: of the first instances. */
  get done(): readonly ResultName[] {
    return this.#file.begun?.value ?? []
  }

  /** @throws UserError if it cannot be written */
  append({ network, property, timeout, result, seconds, method, bound, reason }: ResultRow): void {
    const end = [result, seconds.toFixed(3), method ?? '', bound ?? '', timeout, reason ?? '']
    this.#file.append([formatCsvRow([network, property, ...end])], true)
  }

  close(): void {
    this.#file.close()
  }
}

/** @returns the results of the whole rows, and how many bytes they take: what comes behind is torn */
function parse(path: string, content: Buffer, instances: readonly Instance[]): Begun<ResultName[]> {
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
  return { value: done, bytes }
}
