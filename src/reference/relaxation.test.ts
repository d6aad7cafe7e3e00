import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUnstable } from '../model/phase.ts'
import { slope } from './relaxation.ts'

const ends = fc.double({ min: -3, max: 3, noNaN: true })

test('both lines hold the ReLU, and touch it at the ends of its input', () => {
  const property = fc.property(ends, ends, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
    const [l, u] = [Math.min(a, b), Math.max(a, b)]
    const d = slope(l, u)
    const gap = isUnstable(l, u) ? -d * l : 0
    for (const z of [l, u, l + share * (u - l)]) {
      expect(d * z).toBeLessThanOrEqual(Math.max(z, 0) + 1e-12)
      expect(d * z + gap).toBeGreaterThanOrEqual(Math.max(z, 0) - 1e-12)
    }
    expect(d * u + gap).toBeCloseTo(Math.max(u, 0), 12)
    expect(d * l + gap).toBeCloseTo(Math.max(l, 0), 12)
  })
  fc.assert(property, { numRuns: 300 })
})

test('a neuron that is never on has slope 0, one that is never off slope 1', () => {
  expect([slope(-2, -1), slope(-1, 0), slope(0, 0)]).toEqual([0, 0, 0])
  expect([slope(0, 1), slope(1, 2)]).toEqual([1, 1])
  expect(slope(-1, 3)).toBe(3 / 4)
})
