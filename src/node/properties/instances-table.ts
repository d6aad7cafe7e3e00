/** Tables of instances as VNN-COMP has them: rows of network, property, timeout, without a header (CSV, RFC 4180). */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { readWholeFile } from '../atomic.ts'
import { decodeText } from '../../formats/foreign.ts'

export interface Instance {
  /** Files as the table has them: relative to its folder, or absolute. */
  readonly network: string
  readonly property: string
  /** Seconds, > 0 */
  readonly timeout: number
}

/** Longer ones are no limit, and overflow timers. */
export const MOST_SECONDS = 2_000_000

/**
 * Reads a table of instances. Blank lines, and lines that begin with '#', are skipped.
 * @throws UserError naming the line that is no instance; if there is none at all
 */
export function readInstances(path: string): Instance[] {
  const lines = decodeText(readWholeFile(path), path).split(/\r\n?|\n/)
  const isRow = (line: string) => !/^\s*(#|$)/.test(line)
  const first = lines.findIndex(isRow)
  const instances = lines.flatMap((line, i): Instance[] => {
    if (!isRow(line)) return []
    const where = `${path}, line ${i + 1}`
    const [network, property, seconds, ...rest] = parseCsvRow(line) ?? []
    if (!network || !property || seconds === undefined || rest.length > 0) {
      throw new UserError(`${where}: not an instance: give a network, a property and a timeout, separated by commas`)
    }
    if (i === first && [network, property, seconds].every((field) => /^[a-z]{3}[a-z _()[\]-]*$/i.test(field))) {
      throw new UserError(`${where}: this is a header ('${line.slice(0, 60)}'): remove it, tables have none`)
    }
    const timeout = /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(seconds) ? Number(seconds) : NaN
    if (!(timeout > 0 && timeout <= MOST_SECONDS)) {
      throw new UserError(
        `${where}: the timeout cannot be '${seconds.slice(0, 40)}': give seconds, above 0, at most ${MOST_SECONDS}`,
      )
    }
    return [{ network, property, timeout }]
  })
  if (instances.length === 0) throw new UserError(`${path} has no instances: give rows of network, property, timeout`)
  return instances
}

/** Where a file of a table is; its compressed form, as the competition ships it, if only that is there. */
export function instanceFile(table: string, file: string): string {
  const path = resolve(dirname(table), file)
  return !existsSync(path) && existsSync(`${path}.gz`) ? `${path}.gz` : path
}

/** The fields of one line, without spaces around them; undefined if its quotes do not fit. */
export function parseCsvRow(line: string): string[] | undefined {
  const fields: string[] = []
  const field = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y
  do {
    const match = field.exec(line)
    if (!match) return undefined
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2].trim())
    if (match[3] === '') return fields
  } while (field.lastIndex <= line.length)
  return undefined
}

export const formatCsvRow = (fields: readonly (string | number)[]): string =>
  fields
    .map((field) => `${field}`.replaceAll(/\s*[\r\n]\s*/g, ' '))
    .map((field) => (/[",]|^[\s#]|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',')
