/** Numbers, tables and JSON as text. */

/** Columns of text, the first ones left-aligned and the others right-aligned, two spaces apart. */
export function formatTable(rows: readonly (readonly string[])[], leftColumns = 1): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i < leftColumns ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  const [head, ...body] = rows
  return [line(head!), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n')
}

/** '4.84 %', or '–' if it was not measured. */
export const formatShare = (share: number | null | undefined, digits = 2): string =>
  share == null || Number.isNaN(share) ? '–' : `${(100 * share).toFixed(digits)} %`

export const printJson = (value: unknown): void => console.log(JSON.stringify(value, undefined, 2))
