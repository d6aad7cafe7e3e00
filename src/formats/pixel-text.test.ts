import { expect, test } from 'vitest'
import { inkOf, roomFor } from './pixel-text.ts'

/** As people see it. */
function drawn(text: string, scale = 1): string[] {
  const ink = new Set([...inkOf(text, scale)].map(({ x, y }) => `${x} ${y}`))
  const columns = [...text].length * 4 * scale - scale
  return Array.from({ length: 5 * scale }, (_, y) =>
    Array.from({ length: columns }, (__, x) => (ink.has(`${x} ${y}`) ? '#' : '.')).join(''),
  )
}

test('letters, digits and signs', () => {
  expect(drawn('E7±')).toEqual(['###.###..#.', '#.....#.###', '##....#..#.', '#....#.....', '###..#..###'])
})

test('small letters are capitals, the unknown is a question mark, and all of it grows', () => {
  expect(drawn('cat')).toEqual(drawn('CAT'))
  expect(drawn('猫')).toEqual(drawn('?'))
  expect(drawn('A', 2)).toEqual(drawn('A').flatMap((row) => [row, row].map((line) => line.replaceAll(/./g, '$&$&'))))
})

test('how many characters fit', () => {
  expect([2, 3, 6, 7, 11].map((width) => roomFor(width, 1))).toEqual([0, 1, 1, 2, 3])
  expect(roomFor(112, 2)).toBe(14)
})
