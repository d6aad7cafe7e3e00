/** Numbers, tables and JSON as text. */
import { fitWords } from './fit.ts'

/**
 * Columns of text, the first ones left-aligned and the others right-aligned, two spaces apart.
 * @param width of the screen: where it does not suffice, the widest of the left columns has several lines
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  leftColumns = 1,
  width = process.stdout.isTTY ? process.stdout.columns : Infinity,
): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const excess = widths.reduce((sum, each) => sum + each + 2, -2) - width
  const widest = widths.indexOf(Math.max(...widths.slice(0, leftColumns)))
  if (excess > 0) widths[widest] = Math.max(NARROWEST, widths[widest] - excess)
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i < leftColumns ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  const linesOf = (row: readonly string[]) =>
    fitWords(row[widest], excess > 0 ? widths[widest] : Infinity).map((part, i) =>
      line(row.map((cell, column) => (column === widest ? part : i === 0 ? cell : ''))),
    )
  const [head, ...body] = rows
  return [...linesOf(head!), widths.map((each) => '─'.repeat(each)).join('  '), ...body.flatMap(linesOf)].join('\n')
}

/** Of a column with several lines. */
const NARROWEST = 12

/** '4.84 %', or '–' if it was not measured. */
export const formatShare = (share: number | null | undefined, digits = 2): string =>
  share == null || Number.isNaN(share) ? '–' : `${(100 * share).toFixed(digits)} %`

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, undefined, 2))
