import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { UserError } from '../base/errors.ts'
import { parseCsv } from './csv.ts'

const rowsOf = (text: string) => parseCsv(text, 'a.csv').rows

test('commas, semicolons or tabs, with or without quotes and carriage returns', () => {
  for (const separator of [',', ';', '\t']) {
    const text = ['a,b,c', '1, 2 ,"x"', '', '3,"say ""hi"",\nthen go",'].join('\r\n').replaceAll(/,(?!\n)/g, separator)
    const { header, rows, lines } = parseCsv(text, 'a.csv')
    expect(header).toEqual(['a', 'b', 'c'])
    expect(rows[0]).toEqual(['1', '2', 'x'])
    expect(rows[1]![0]).toBe('3')
    expect(rows[1]![1]!.replace(separator, ',')).toBe('say "hi",\nthen go')
    expect(rows[1]![2]).toBe('')
    expect(lines).toEqual([2, 4])
  }
  expect(rowsOf('a,b\n1,2')).toEqual([['1', '2']])
  expect(rowsOf('0,1,2,label\n1,2,3,4')).toHaveLength(1)
})

test.each([
  ['a,b\n1,2\n3', 'a.csv, line 3 has 1 values, but the header has 2'],
  ['a,b\n"x\n1"\n', 'a.csv, line 2 has 1 values'],
  ['a,b\n1,"2', 'a.csv, line 2: a quote has no end'],
  ['a,b\n"1"2,3', 'a.csv, line 2: text follows a quote'],
  ['a,a\n1,2', "two columns that are called 'a'"],
  ['a,b\n', 'a.csv has no rows'],
  [',b\n1,2', 'column 1 of a.csv has no name: give it one, or delete it if it only counts the rows'],
  ['5.1,3.5,setosa\n4.9,3,setosa', 'a.csv begins with numbers, such as 5.1: put a line with the names'],
  ['', 'a.csv has no rows'],
])('refuses %j', (text, message) => {
  expect(() => rowsOf(text)).toThrow(message)
  expect(() => rowsOf(text)).toThrow(UserError)
})

test('any text is read or refused, and what is read has all its values', () => {
  for (let seed = 0; seed < 3000; seed++) {
    const random = new Random(seed, 'csv')
    const text = Array.from({ length: random.integer(30) }, () => 'a1,;"\n\r\t '[random.integer(9)]).join('')
    try {
      const { header, rows, lines } = parseCsv(`x,y\n${text}`, 'a.csv')
      for (const row of rows) expect(row).toHaveLength(header.length)
      expect(lines).toHaveLength(rows.length)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
})
