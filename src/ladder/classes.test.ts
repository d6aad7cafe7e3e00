import { expect, test } from 'vitest'
import { summariseClasses } from './classes.ts'
import type { CertifyRow } from './rows.ts'

const row = (label: number, prediction: number, result: CertifyRow['result']): CertifyRow => ({
  ...{ index: 0, label, prediction, result, seconds: 0 },
  clean: { verdict: label === prediction ? 'correct' : 'misclassified', margin: 1, seconds: 0 },
})
const robust = { verdict: 'robust', method: 'lp', margin: 1 } as const
const wrong = (prediction: number) => ({ verdict: 'vulnerable', method: 'clean', margin: -1, prediction }) as const
const attacked = (prediction: number) => ({ verdict: 'vulnerable', method: 'pgd', margin: -1, prediction }) as const
const open = { verdict: 'undecided', margin: -1, reason: 'incomplete' } as const
const rows = [
  row(0, 0, robust),
  row(0, 0, robust),
  row(0, 0, attacked(2)),
  row(0, 1, wrong(1)),
  row(1, 1, open),
  row(1, 1, attacked(0)),
]

test('counts by class, with names', () => {
  const { classes } = summariseClasses(rows, ['cat', 'dog', 'frog'])
  expect(classes).toEqual([
    { name: 'cat', images: 4, wrong: 1, vulnerable: 2, undecided: 0, robust: 2 },
    { name: 'dog', images: 2, wrong: 0, vulnerable: 1, undecided: 1, robust: 0 },
    { name: 'frog', images: 0, wrong: 0, vulnerable: 0, undecided: 0, robust: 0 },
  ])
})

test('which classes are taken for which: clean, and at worst, where undecided images are left out', () => {
  const { confusion, classes } = summariseClasses(rows)
  expect(classes.map(({ name }) => name)).toEqual(['0', '1', '2'])
  expect(confusion.clean).toEqual([
    [3, 1, 0],
    [0, 2, 0],
    [0, 0, 0],
  ])
  expect(confusion.worst).toEqual([
    [2, 1, 1],
    [1, 0, 0],
    [0, 0, 0],
  ])
})

test('no rows, no classes', () => {
  expect(summariseClasses([])).toEqual({ classes: [], confusion: { clean: [], worst: [] } })
})
