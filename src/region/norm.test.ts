/** Norms and their dual norms. */
import { expect, it } from 'vitest'
import { Random } from '../base/random.ts'
import { pointTowards } from './ball-points.testing.ts'
import { describeNorm, dualNorm, largestEpsilon, norms, requireNorm } from './norm.ts'

it('norms have dual norms, limits and names', () => {
  expect(norms.map((norm) => dualNorm(norm, [3, -4]))).toEqual([7, 5, 4])
  expect(norms.map((norm) => largestEpsilon(norm, 784))).toEqual([1, 28, 784])
  expect(norms.map(describeNorm)).toEqual(['ℓ∞', 'ℓ2', 'ℓ1'])
  expect(requireNorm('l2')).toBe('l2')
  expect(() => requireNorm('l3')).toThrow(/^unknown norm 'l3': did you mean 'l2'/)
})

it('the dual norm is attained at a point of the ball', () => {
  const random = new Random(4)
  const vector = Float64Array.from({ length: 9 }, () => random.normal())
  for (const norm of ['linf', 'l2', 'l1'] as const) {
    const point = pointTowards(vector, new Float64Array(9), 1, norm)
    expect(point.reduce((sum, x, j) => sum + x * vector[j], 0)).toBeCloseTo(dualNorm(norm, vector), 12)
  }
})
