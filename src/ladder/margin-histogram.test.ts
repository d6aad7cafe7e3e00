import { expect, test } from 'vitest'
import { marginHistogram } from './margin-histogram.ts'
import type { CertifyRow } from './rows.ts'

const rowOf = (result: CertifyRow['result']) => ({ result }) as CertifyRow
const robust = (margin: number) => rowOf({ verdict: 'robust', method: 'lp', margin })
const vulnerable = (margin: number | null) => rowOf({ verdict: 'vulnerable', method: 'pgd', margin, prediction: 1 })
const undecided = (margin: number | null) => rowOf({ verdict: 'undecided', margin, reason: 'timeout' })

test('bins of a round width, with 0 between two of them; each image once', () => {
  const rows = [
    robust(0.05),
    robust(1.1),
    robust(3.99),
    vulnerable(-0.01),
    vulnerable(-2),
    undecided(-0.3),
    undecided(null),
  ]
  const { from, width, without, ...counts } = marginHistogram(rows)
  expect([from, width, without]).toEqual([-2, 0.5, 1])
  expect(counts).toEqual({
    robust: [0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1],
    vulnerable: [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    undecided: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  })
})

test('a counterexample whose margin is exactly 0 is below 0', () => {
  const { from, width, vulnerable: counts } = marginHistogram([vulnerable(0), vulnerable(-1), robust(1)])
  expect(counts[Math.round(-from / width) - 1]).toBe(1)
})

test('all margins 0, or none at all', () => {
  expect(marginHistogram([vulnerable(0)])).toMatchObject({ from: 0, width: 1, vulnerable: [1], without: 0 })
  expect(marginHistogram([vulnerable(null)])).toMatchObject({ vulnerable: [0], without: 1 })
})
