/**
 * Tables of texts: a header and rows, separated by commas, semicolons or tabs (whichever the header has most of), with
 * quotes where needed. Source: RFC 4180
 */
import { badFile } from '../base/errors.ts'

export interface Table {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** The line in which each row begins, from 1. */
  readonly lines: readonly number[]
}

const SEPARATORS = [',', ';', '\t']

/**
 * @param path the name of the file, for messages
 * @throws UserError if columns have no names, or naming the line of a row that has not as many values as the header, or of a quote without an end
 */
export function parseCsv(text: string, path: string): Table {
  const lines: number[] = []
  const rows: string[][] = []
  const first = /^[^\r\n]*/.exec(text)![0]
  const separator = SEPARATORS.toSorted((a, b) => first.split(b).length - first.split(a).length)[0]
  let [at, line] = [0, 1]
  while (at < text.length) {
    const start = line
    const row: string[] = []
    for (;;) {
      const { value, end, newLines } = readField(text, at, separator)
      if (end < 0) throw badFile(`${path}, line ${start}: a quote has no end`)
      row.push(value)
      line += newLines
      at = end
      if (text[at] !== separator) break
      at++
    }
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    else if (at < text.length)
      throw badFile(`${path}, line ${start}: text follows a quote: put quotes around all of it`)
    line++
    if (row.length === 1 && row[0].trim() === '') continue
    if (rows.length > 0 && row.length !== rows[0].length) {
      throw badFile(`${path}, line ${start} has ${row.length} values, but the header has ${rows[0].length}`)
    }
    rows.push(row)
    lines.push(start)
  }
  if (rows.length < 2)
    throw badFile(`${path} has no rows: it needs a header with the names of the columns, and rows below`)
  const header = rows[0].map((name) => name.trim())
  requireNames(header, path)
  const twice = header.find((name, i) => header.indexOf(name) !== i)
  if (twice !== undefined) throw badFile(`${path} has two columns that are called '${twice}'`)
  return { header, rows: rows.slice(1), lines: lines.slice(1) }
}

/** @throws UserError if a column has no name, or if the first line is one of values */
function requireNames(header: readonly string[], path: string): void {
  const unnamed = header.indexOf('')
  if (unnamed >= 0) {
    throw badFile(
      `column ${unnamed + 1} of ${path} has no name: give it one, or delete it if it only counts the rows ` +
        '(to_csv of pandas with index=False leaves it out)',
    )
  }
  const numbers = header.filter((name) => Number.isFinite(Number(name)))
  // pandas counts columns without names
  const areCounted = numbers.every((name, i) => Number(name) === Number(numbers[0]) + i)
  if (numbers.length > header.length / 2 && !areCounted) {
    throw badFile(`${path} begins with numbers, such as ${numbers[0]}: put a line with the names of the columns first`)
  }
}

/** @returns the field that begins at `at`, where it ends (−1: nowhere), and how many line ends are in it */
function readField(text: string, at: number, separator: string) {
  if (text[at] !== '"') {
    let end = at
    while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++
    return { value: text.slice(at, end).trim(), end, newLines: 0 }
  }
  let value = ''
  for (let from = at + 1; ;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) return { value, end: -1, newLines: 0 }
    value += text.slice(from, quote)
    if (text[quote + 1] !== '"') return { value, end: quote + 1, newLines: value.split('\n').length - 1 }
    value += '"'
    from = quote + 2
  }
}
