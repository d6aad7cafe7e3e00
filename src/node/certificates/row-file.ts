/**
 * The file of a certification: a header, then one row per image in any order, as JSON lines. Rows are appended as they
 * come, so a killed run leaves whole rows, and at worst a torn last line: resuming cuts that off and does what is
 * missing.
 */
import { UserError } from '../../base/errors.ts'
import { type Begun, LineFile } from '../line-file.ts'
import type { CertifyHeader } from '../../ladder/header.ts'
import { type CertifyRow, rowSchema } from '../../ladder/rows.ts'
import { defaultNorm } from '../../region/norm.ts'

export class RowFile {
  readonly #file: LineFile<readonly CertifyRow[]>

  /**
   * Opens the file of a run: a new one, or with `resume` also one that the same run has begun.
   * @throws UserError if it exists and `resume` is false, if it belongs to another run or is no such file, if it is
   *   damaged elsewhere than at its end, or if it cannot be read or written
   */
  constructor(path: string, header: CertifyHeader, resume: boolean) {
    this.#file = new LineFile(path, resume, (content) => parse(path, content, header))
    if (this.#file.begun?.bytes) return
    try {
      this.#file.append([JSON.stringify(header)])
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Rows that were there when it was opened, no two of one image. */
  get rows(): readonly CertifyRow[] {
    return this.#file.begun?.value ?? []
  }

  /** @throws UserError if the rows cannot be written */
  append(rows: readonly CertifyRow[]): void {
    this.#file.append(rows.map((row) => JSON.stringify(row)))
  }

  close(): void {
    this.#file.close()
  }
}

/** @returns the whole rows, and how many bytes they and the header take: what comes behind is torn */
function parse(path: string, content: Buffer, header: CertifyHeader): Begun<CertifyRow[]> {
  const bytes = content.lastIndexOf('\n') + 1
  if (bytes === 0) {
    // killed while it wrote its first line; anything else is not ours to overwrite
    if (Buffer.from(JSON.stringify(header)).subarray(0, content.length).equals(content)) return { value: [], bytes }
    throw new UserError(`${path} is not a file of certificates that this run started`, { code: 'other-run' })
  }
  const lines = content.toString('utf8', 0, bytes - 1).split('\n')
  requireSameRun(path, parseJson(lines[0]), header)
  const lineOf = new Map<number, number>()
  const rows = lines.slice(1).map((line, i) => {
    const row = rowSchema.safeParse(parseJson(line))
    if (!row.success) throw new UserError(`${path} is damaged: line ${i + 2} is not a row`, { code: 'other-run' })
    const { index } = row.data
    const before = lineOf.get(index)
    if (before !== undefined) {
      throw new UserError(`${path} is damaged: lines ${before} and ${i + 2} are both of image ${index}`)
    }
    lineOf.set(index, i + 2)
    return row.data
  })
  return { value: rows, bytes }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function requireSameRun(path: string, found: unknown, header: CertifyHeader): void {
  // from before there were other norms; names of classes decide nothing
  const there: Record<string, unknown> = { norm: defaultNorm, ...(found as object | undefined) }
  if (there['format'] !== header.format) {
    throw new UserError(`${path} is not a file of certificates`, { code: 'other-run' })
  }
  if (there['version'] !== header.version) {
    throw new UserError(
      `${path} is of version ${there['version']} of the format, this robustra writes version ${header.version}`,
      { code: 'other-run' },
    )
  }
  if (there['robustra'] !== header.robustra) {
    const other = there['robustra'] === undefined ? 'an older robustra' : `robustra ${there['robustra']}`
    throw new UserError(
      `${path} was started by ${other}, which can finish it, and this is ${header.robustra}, which may decide images ` +
        'differently',
      { code: 'other-run' },
    )
  }
  const here: Record<string, unknown> = { ...header }
  const differing = [...new Set([...Object.keys(here), ...Object.keys(there)])].filter(
    (key) => key !== 'classNames' && JSON.stringify(here[key]) !== JSON.stringify(there[key]),
  )
  if (differing.length === 0) return
  const how = differing.map((key) => `${key} is ${shown(there[key])} there, ${shown(here[key])} here`)
  throw new UserError(`${path} is of another run (${how.join('; ')})`, { code: 'other-run' })
}

/** A value in one line: of many numbers the first. */
function shown(value: unknown): string | undefined {
  const text = JSON.stringify(value)
  return text === undefined || text.length <= 80 ? text : `${text.slice(0, 40)} …`
}
