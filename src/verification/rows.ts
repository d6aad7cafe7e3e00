/**
 * The file of a certification: a header that says what was run, then one row per image in order of index, as JSON
 * lines. Rows are appended as they come in order, so a killed run leaves a prefix of the whole file, and at worst a
 * torn last line: resuming cuts that off and goes on behind it.
 */
import { appendFileSync, closeSync, ftruncateSync, openSync, readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { explainFileError, hasCode } from '../formats/atomic.ts'

/** In the order in which they are run and reported. */
export const certifyMethods = ['clean', 'pgd', 'interval', 'lp'] as const
export type CertifyMethod = (typeof certifyMethods)[number]

/** What identifies a run; one that resumes must have the same. */
export interface CertifyHeader {
  readonly format: 'robustra certificates'
  readonly version: 1
  readonly network: { readonly name: string; readonly sha256: string }
  readonly dataset: { readonly name: string; readonly sha256: string }
  /** Index of the first row. */
  readonly first: number
  /** ℓ∞ radius in pixel units. */
  readonly epsilon: number
  readonly methods: readonly CertifyMethod[]
  /** Certificates hold over the whole ball; attacks may keep to pixels in [0, 1]. */
  readonly domain: { readonly certificates: 'whole ball'; readonly attacks: 'whole ball' | '[0, 1]' }
  /** Of PGD, if it is run. */
  readonly attack?: {
    readonly steps: number
    /** As a fraction of ε. */
    readonly stepSize: number
    readonly restarts: number
    readonly randomStart: boolean
    readonly seed: number
  }
}

/** null stands for a margin that is not a finite number, or was not computed. */
const margin = z.number().nullable()
const result = <V extends string>(...verdicts: readonly V[]) =>
  z.strictObject({ verdict: z.enum(verdicts), margin, seconds: z.number().min(0) })

const rowSchema = z.strictObject({
  index: z.int().min(0),
  label: z.int().min(0),
  /** Of the clean image. */
  prediction: z.int().min(0),
  /** margin: z_label − max(other logits). */
  clean: result('correct', 'misclassified'),
  /** margin: the smallest found in the ball. */
  pgd: result('misclassified', 'vulnerable', 'withstood').optional(),
  /** margin: proved for the whole ball; robust if > 0. */
  interval: result('misclassified', 'robust', 'open').optional(),
  /** pruned: whether the margin is that of the pruned bound, or of the paper's. */
  lp: result('misclassified', 'robust', 'open').extend({ pruned: z.boolean() }).optional(),
  /** Of all methods: a share of the passes that the image was part of. */
  seconds: z.number().min(0),
})

/** What is known of one image. Other methods than 'clean' leave misclassified images alone. */
export type CertifyRow = z.infer<typeof rowSchema>

export class RowFile {
  readonly path: string
  readonly #descriptor: number
  /** Rows that were there when it was opened: from index `first`, without gaps. */
  readonly rows: readonly CertifyRow[]

  /**
   * Opens the file of a run: a new one, or with `resume` also one that the same run has begun.
   * @throws UserError if it exists and `resume` is false, if it belongs to another run or is no such file, if it is
   *   damaged elsewhere than at its end, or if it cannot be read or written
   */
  constructor(path: string, header: CertifyHeader, resume: boolean) {
    this.path = path
    const content = resume ? readIfThere(path) : undefined
    const { rows, bytes } = content ? parse(path, content, header) : { rows: [], bytes: 0 }
    this.rows = rows
    try {
      this.#descriptor = openSync(path, content ? 'a' : 'ax')
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw explainFileError(error, 'write', path)
      throw new UserError(`${path} exists already: choose another --out, or go on with --resume`)
    }
    try {
      ftruncateSync(this.#descriptor, bytes)
      if (bytes === 0) appendFileSync(this.#descriptor, `${JSON.stringify(header)}\n`)
    } catch (error) {
      this.close()
      throw explainFileError(error, 'write', path)
    }
  }

  /** Adds the rows that come next. @throws UserError if they cannot be written */
  append(rows: readonly CertifyRow[]): void {
    try {
      appendFileSync(this.#descriptor, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
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

/** @returns the whole rows, and how many bytes they and the header take: what comes behind is torn */
function parse(path: string, content: Buffer, header: CertifyHeader): { rows: CertifyRow[]; bytes: number } {
  const bytes = content.lastIndexOf('\n') + 1
  if (bytes === 0) {
    // killed while it wrote its first line; anything else is not ours to overwrite
    if (Buffer.from(JSON.stringify(header)).subarray(0, content.length).equals(content)) return { rows: [], bytes }
    throw new UserError(`${path} is not a file of certificates that this run began: choose another --out`)
  }
  const lines = content.toString('utf8', 0, bytes - 1).split('\n')
  requireSameRun(path, parseJson(lines[0]!), header)
  const rows = lines.slice(1).map((line, i) => {
    const row = rowSchema.safeParse(parseJson(line))
    if (!row.success) throw new UserError(`${path} is damaged: line ${i + 2} is not a row: choose another --out`)
    if (row.data.index !== header.first + i) {
      throw new UserError(
        `${path} is damaged: line ${i + 2} should be of image ${header.first + i}, not ${row.data.index}`,
      )
    }
    return row.data
  })
  return { rows, bytes }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function requireSameRun(path: string, found: unknown, header: CertifyHeader): void {
  const there = (found ?? {}) as Record<string, unknown>
  if (there['format'] !== header.format) {
    throw new UserError(`${path} is not a file of certificates: choose another --out`)
  }
  const here: Record<string, unknown> = { ...header }
  const differing = [...new Set([...Object.keys(here), ...Object.keys(there)])].filter(
    (key) => JSON.stringify(here[key]) !== JSON.stringify(there[key]),
  )
  if (differing.length === 0) return
  const how = differing.map((key) => `${key} is ${JSON.stringify(there[key])} there, ${JSON.stringify(here[key])} here`)
  throw new UserError(`${path} is of another run (${how.join('; ')}): choose another --out`)
}
