import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { parseCsv } from '../formats/csv.ts'
import { type ColumnChoice, examplesOfTable } from './table.ts'

const read = (text: string, choice?: ColumnChoice) => examplesOfTable(parseCsv(text, 'a.csv'), 'a.csv', choice)

test('the column label is the class, or the last one, or the one that is named', () => {
  const byName = read('label,size,age\ncat,1,5\ndog,2,3\ncat,4,3')
  expect(byName).toMatchObject({ count: 3, classes: 2, classNames: ['cat', 'dog'] })
  expect(byName.shape).toEqual({ channels: 2, height: 1, width: 1 })
  expect(byName.features).toEqual([
    { name: 'size', low: 1, high: 4 },
    { name: 'age', low: 3, high: 5 },
  ])
  expect([0, 1, 2].map(byName.labelAt)).toEqual([0, 1, 0])
  expect(byName.valuesAt(2)).toEqual(Float64Array.of(4, 3))
  expect(read('size,kind\n1,b\n2,a').classNames).toEqual(['a', 'b'])
  const chosen = read('id,kind,size\nx1,b,1\nx2,a,2', { label: 'kind', ignore: ['id'] })
  expect(chosen.features).toEqual([{ name: 'size', low: 1, high: 2 }])
  expect([0, 1].map(chosen.labelAt)).toEqual([1, 0])
})

test('classes that are numbers are in the order of numbers', () => {
  expect(read('a,label\n1,10\n1,9\n1,2').classNames).toEqual(['2', '9', '10'])
  expect(read('a,label\n1,10\n1,9\n1,x').classNames).toEqual(['10', '9', 'x'])
})

test.each<[string, ColumnChoice, RegExp]>([
  ['a,label\n1,x\n,y', {}, /^a\.csv, line 3, column 'a' has no value: fill it in, or delete the row$/],
  ['a,label\nNA,x', {}, /line 2, column 'a' has no value/],
  ['a,label\n1,', {}, /line 2, column 'label' has no value, but it is the class/],
  ['a,label\nBerlin,x', {}, /column 'a' is 'Berlin', not a number/],
  ['a,label\nInfinity,x', {}, /column 'a' is 'Infinity', not a number/],
  ['a,label\n1,x', { label: 'lable' }, /has no column 'lable': did you mean 'label'\?/],
  ['a,label\n1,x', { ignore: ['a'] }, /has no column of numbers beside 'label'/],
  [`label\n1`, {}, /has no column of numbers/],
  [`a,b\n${Array.from({ length: 300 }, (_, i) => `1,${i}`).join('\n')}`, {}, /'b' of a\.csv has 300 different values/],
])('%j is refused', (text, choice, message) => {
  expect(() => read(text, choice)).toThrow(message)
  expect(() => read(text, choice)).toThrow(UserError)
})
