import { expect, test } from 'vitest'
import { formatBall, formatDuration, formatEpsilon, formatNumber, formatShare } from './format.ts'

test('ε is a fraction of 255 where that is what it is', () => {
  expect([0.1, 0.3, 0, 2 / 255, 8 / 255, 0.2, 1.5, 1 / 3].map(formatEpsilon)).toEqual([
    '0.1',
    '0.3',
    '0',
    '2/255',
    '8/255',
    '0.2',
    '1.5',
    '85/255',
  ])
  expect(formatEpsilon(0.0123456)).toBe('0.01235')
  expect(formatBall({ epsilon: 2 / 255, norm: 'l2' })).toBe('ε = 2/255 (ℓ2)')
})

test('numbers have three digits, small ones a power of ten', () => {
  expect([3.1479, -1234.5, 0.0123, 0, 0.00000367, -0.000052, null].map(formatNumber)).toEqual([
    '3.15',
    '−1230',
    '0.0123',
    '0',
    '3.7·10⁻⁶',
    '−5.2·10⁻⁵',
    '–',
  ])
})

test('shares and times', () => {
  expect([formatShare(0.1203), formatShare(0), formatShare(null), formatShare(0.5, 0)]).toEqual([
    '12.03 %',
    '0.00 %',
    '–',
    '50 %',
  ])
  expect([0.21, 9.99, 42.4, 200, 7500].map(formatDuration)).toEqual([
    '0.2 s',
    '10 s',
    '42 s',
    '3 min 20 s',
    '2 h 5 min',
  ])
})
