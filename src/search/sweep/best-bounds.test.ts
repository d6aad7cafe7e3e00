import { expect, test } from 'vitest'
import { better } from './best-bounds.ts'

test('a bound that is no finite number bounds nothing', () => {
  expect(better(-1, Infinity)).toBe(-1)
  expect(better(-1, NaN)).toBe(-1)
  expect(better(-Infinity, 2)).toBe(2)
  expect(better(3, 2)).toBe(3)
})
