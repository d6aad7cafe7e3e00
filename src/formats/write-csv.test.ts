import { expect, it } from 'vitest'
import { csv } from './write-csv.ts'

it('writes a head and rows, in which what is missing is empty', () => {
  expect(
    csv(
      ['a', 'b', 'c'],
      [
        ['f', 1.5, null],
        ['g', undefined, 1e-7],
      ],
    ),
  ).toBe('a,b,c\nf,1.5,\ng,,1e-7\n')
})
