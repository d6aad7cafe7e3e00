import { expect, test } from 'vitest'
import { type TableRow, isBest, tableSection } from './table.ts'

const row = (changes: Partial<TableRow> = {}): TableRow => ({
  ...{ subject: 0, name: 'a', part: 'test', dataset: 'mnist', network: 'small', first: 0, images: 100 },
  ...{ epsilon: 0.1, norm: 'linf', domain: 'pixels', clean: 0.02, pgd: 0.05, lp: 0.08 },
  ...{ exact: { least: 0.06, most: 0.07 } },
  ...changes,
})

test('the lowest error of comparable rows is best; an exact error counts with all that is undecided', () => {
  const rows = [row(), row({ clean: 0.03, lp: 0.07, exact: { least: 0.05, most: 0.075 } })]
  const best = (['clean', 'pgd', 'lp', 'exact'] as const).map((measure) =>
    rows.map((one) => isBest(rows, one, measure)),
  )
  expect(best).toEqual([
    [true, false],
    [true, true],
    [false, true],
    [true, false],
  ])
})

test.each<[string, Partial<TableRow>]>([
  ['data set', { dataset: 'cifar10' }],
  ['part', { part: 'validation' }],
  ['hash of images', { sha256: 'b' }],
  ['range', { first: 100 }],
  ['number of images', { images: 50 }],
  ['ε', { epsilon: 0.3 }],
  ['norm', { norm: 'l2' }],
  ['domain', { domain: 'unbounded' }],
])('rows of another %s are not compared', (_name, changes) => {
  const rows = [row(), row({ ...changes, clean: 0.5 })]
  expect(rows.some((one) => isBest(rows, one, 'clean'))).toBe(false)
})

test('nothing is best alone, or where it was not measured', () => {
  expect(isBest([row()], row(), 'clean')).toBe(false)
  const { pgd: _, ...without } = row()
  const rows = [row(), row(), without]
  expect(isBest(rows, without, 'pgd')).toBe(false)
})

test('exact errors are numbers or intervals, and what is not known is a dash', () => {
  const { lp: _lp, ...without } = row({ exact: { least: 0.0556, most: 0.0556 } })
  const text = tableSection([row(), without]).text.replaceAll(/\s+/g, ' ')
  for (const part of ['6.00 to 7.00 %', '>5.56 % <', '>–<', 'mnist, 100 test images']) expect(text).toContain(part)
  expect(text).not.toMatch(/undefined|NaN|false/)
})

test('without a row there is a sentence, not an empty table', () => {
  const { text } = tableSection([])
  expect(text).toContain('Nothing is proved yet')
  expect(text).not.toContain('<table')
})
