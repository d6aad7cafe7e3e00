/** Rows of condensed systems, written down for tests. */
import type { Row } from '../system/condensed.ts'

/** @param entries weights by source */
export const row = (bias: number, entries: Readonly<Record<number, number>>, error = 0): Row => ({
  bias,
  source: Int32Array.from(Object.keys(entries), Number),
  weight: Float64Array.from(Object.values(entries)),
  error,
})
