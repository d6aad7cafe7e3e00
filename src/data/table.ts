/** Tables as examples: a column says the class of each row, all others are its features. */
import { UserError, badFile, nearestName } from '../base/errors.ts'
import type { Table } from '../formats/csv.ts'
import { type Examples, sortNames } from './examples.ts'

export interface ColumnChoice {
  /** The column of the classes: by default 'label', or else the last one. */
  readonly label?: string | undefined
  /** Columns that are left out, such as numbers of rows. */
  readonly ignore?: readonly string[] | undefined
}

/** What stands for a value that is missing. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?', '-'])

/**
 * The rows of a table. Classes are the texts of the label's column, sorted: as numbers if all of them are. Features have the
 * range that their values have.
 * @param path the name of the file, for messages
 * @throws UserError naming row and column of a value that is missing or is no number, or a column that is not there
 */
export function examplesOfTable({ header, rows, lines }: Table, path: string, choice: ColumnChoice = {}): Examples {
  const column = (name: string): number => {
    const at = header.indexOf(name)
    if (at >= 0) return at
    const near = nearestName(name, header)
    throw new UserError(
      `${path} has no column '${name}': ${near ? `did you mean '${near}'?` : `its columns are ${header.join(', ')}`}`,
    )
  }
  const given = header.find((name) => name.toLowerCase() === 'label') ?? header[header.length - 1]
  const labelAt = column(choice.label ?? given)
  const ignored = new Set((choice.ignore ?? []).map(column))
  const columns = header.map((_, i) => i).filter((i) => i !== labelAt && !ignored.has(i))
  if (columns.length === 0) throw badFile(`${path} has no column of numbers beside '${header[labelAt]}'`)
  const where = (row: number, at: number) => `${path}, line ${lines[row]}, column '${header[at]}'`
  const numberAt = (row: number, at: number): number => {
    const text = rows[row][at]
    const value = MISSING.has(text.toLowerCase()) ? NaN : Number(text)
    if (Number.isFinite(value)) return value
    if (MISSING.has(text.toLowerCase())) {
      throw badFile(`${where(row, at)} has no value: fill it in, or delete the row`)
    }
    throw badFile(
      `${where(row, at)} is '${text}', not a number: give numbers, or leave the column out (ignore, in a dataset.toml)`,
    )
  }
  const values = rows.map((_, row) => Float64Array.from(columns, (at) => numberAt(row, at)))
  const texts = rows.map((row, i) => {
    if (!MISSING.has(row[labelAt].toLowerCase())) return row[labelAt]
    throw badFile(`${where(i, labelAt)} has no value, but it is the class: fill it in, or delete the row`)
  })
  const classNames = sortNames(texts)
  if (classNames.length > 256) {
    throw badFile(
      `column '${header[labelAt]}' of ${path} has ${classNames.length} different values, so it is hardly the class: ` +
        'name the right column (label, in a dataset.toml)',
    )
  }
  const places = new Map(classNames.map((name, i) => [name, i]))
  return {
    ...{ from: path, shape: { channels: columns.length, height: 1, width: 1 }, count: rows.length },
    ...{ classes: classNames.length, classNames },
    features: columns.map((at, f) => ({ name: header[at], ...rangeOf(values, f) })),
    valuesAt: (index) => values[index],
    labelAt: (index) => places.get(texts[index])!,
  }
}

/** Of column `f`. */
export function rangeOf(values: readonly ArrayLike<number>[], f: number): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity]
  for (const row of values) {
    low = Math.min(low, row[f])
    high = Math.max(high, row[f])
  }
  return { low, high }
}
