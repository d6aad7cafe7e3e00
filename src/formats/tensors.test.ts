import { expect, test } from 'vitest'
import { halfToNumber, roundToHalf } from './tensors.ts'

/** All numbers of 16 bits that are not negative, in their order; the last one is ∞. */
const halves = Array.from({ length: 0x7c01 }, (_, bits) => halfToNumber(bits))

test('halfToNumber: 1, −2, the smallest and the largest number, ∞, NaN', () => {
  expect([0x3c00, 0xc000, 1, 0x7bff, 0xfc00].map(halfToNumber)).toEqual([1, -2, 2 ** -24, 65504, -Infinity])
  expect(halfToNumber(0x7e00)).toBeNaN()
  expect(halves.every((half, i) => i === 0 || half > halves[i - 1])).toBe(true)
})

test('roundToHalf keeps the numbers of 16 bits, with their signs', () => {
  for (const half of halves) expect([roundToHalf(half), roundToHalf(-half)]).toEqual([half, -half])
  expect(roundToHalf(NaN)).toBeNaN()
})

test('roundToHalf rounds what lies between two to the nearer one, and the middle to the even one', () => {
  for (let i = 0; i < halves.length - 2; i++) {
    const [low, high] = [halves[i], halves[i + 1]]
    const middle = (low + high) / 2
    const small = (high - low) / 1024
    const even = i % 2 === 0 ? low : high
    if (![low, even, high].every((want, k) => roundToHalf(middle + (k - 1) * small) === want))
      expect.fail(`at ${middle}`)
  }
  expect([65519.9, 65520, -65520].map(roundToHalf)).toEqual([65504, Infinity, -Infinity])
})
