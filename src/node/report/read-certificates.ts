/** Files of certificates, to be read only: plain or compressed, complete or still growing. */
import { UserError } from '../../base/errors.ts'
import { readWholeFile } from '../atomic.ts'
import { gunzipIfNeeded } from '../gunzip.ts'
import { headerSchema } from '../../ladder/header.ts'
import { rowSchema } from '../../ladder/rows.ts'
import { summaryOf } from '../../ladder/run-summary.ts'
import type { Certificates } from '../../report/subject.ts'

/** The name of a file of certificates without its ending, or undefined for another file's. */
export const certificatesName = (file: string): string | undefined => /^(.+)\.jsonl(?:\.gz)?$/i.exec(file)?.[1]

/** Whether a file is one of certificates, damaged or not. @throws UserError if it cannot be read */
export const isCertificates = (path: string): boolean => textOf(path).startsWith('{"format":"robustra certificates"')

/**
 * Reads a file that `robustra certify` wrote or is writing, as it is or by gzip. A torn last line does not count.
 * @throws UserError if it cannot be read, is no such file or is damaged, or holds no row yet
 */
export function readCertificates(path: string): Certificates {
  const lines = textOf(path).split('\n')
  const header = headerSchema.safeParse(parseJson(lines[0]))
  if (!header.success) throw new UserError(`${path} ${whyNoHeader(lines[0])}`)
  // the last piece is empty, or torn
  const rows = lines.slice(1, -1).map((line, i) => {
    const row = rowSchema.safeParse(parseJson(line))
    if (!row.success) throw new UserError(`${path} is damaged: line ${i + 2} is not a row: write it again with certify`)
    return row.data
  })
  const [first] = rows
  if (!first) throw new UserError(`${path} holds no rows yet: wait until certify has written some`)
  const sorted = rows.toSorted((a, b) => a.index - b.index)
  const twice = sorted.find((row, i) => sorted[i - 1]?.index === row.index)
  if (twice)
    throw new UserError(`${path} is damaged: it has two rows of image ${twice.index}: write it again with certify`)
  const range = { first: sorted[0].index, last: sorted.at(-1)!.index + 1 }
  const summary = summaryOf(header.data, sorted, { ...range, seconds: 0, images: 0 })
  return { path, header: header.data, rows: sorted, summary }
}

const textOf = (path: string) => new TextDecoder().decode(gunzipIfNeeded(readWholeFile(path), path))

function whyNoHeader(line: string): string {
  const header = parseJson(line)
  const is = typeof header === 'object' && header !== null && 'format' in header ? header : undefined
  if (is?.format !== 'robustra certificates')
    return 'is not a file of certificates: give one that robustra certify wrote'
  const version = 'version' in is ? is.version : undefined
  if (version !== 2) return `is of version ${version} of the format, not 2: write it again with robustra certify`
  return 'is damaged: its first line is not what robustra certify writes: write it again'
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
