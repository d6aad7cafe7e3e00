/** Rows in tests: waited for, and compared without their times. */
import type { CertifyRow } from './rows.ts'

export async function rowsOf(run: AsyncIterable<CertifyRow>): Promise<CertifyRow[]> {
  const rows: CertifyRow[] = []
  for await (const row of run) rows.push(row)
  return rows
}

/** Without what differs from run to run, as it is read from a file. */
export const timeless = <T extends readonly object[]>(rows: T): T =>
  JSON.parse(JSON.stringify(rows, (key, value) => (key === 'seconds' ? undefined : value)))

/** By index, too: the order depends on who is done first. */
export const comparable = <Row extends { readonly index: number }>(rows: readonly Row[]): readonly Row[] =>
  timeless(rows.toSorted((a, b) => a.index - b.index))
