import { expect, test } from 'vitest'
import { row } from '../testing/rows.testing.ts'
import { joinRows } from './condensed.ts'
import { OutOfRange } from './range.ts'

test('coefficients that grow out of range are not condensed', () => {
  const box = { lower: Float64Array.of(-1e-100), upper: Float64Array.of(1e-100) }
  const parts = { ...box, rows: [], neuronLower: [], neuronUpper: [] }
  expect(() => joinRows(parts, [], [row(0, { 0: 1e101 })])).toThrow(OutOfRange)
})
