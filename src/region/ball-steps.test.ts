import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import type { RoundNorm } from './norm.ts'
import { leapInBall, project, randomInBall, stepInBall } from './ball-steps.ts'

const roundNorms = ['l2', 'l1'] as const
const norms = fc.constantFrom(...roundNorms)
const vector = (n: number, most = 3) =>
  fc.array(fc.double({ min: -most, max: most, noNaN: true }), { minLength: n, maxLength: n })
const anywhere = { lower: Array(9).fill(-9), upper: Array(9).fill(9) }

const lengthOf = (norm: RoundNorm, x: ArrayLike<number>) =>
  norm === 'l2'
    ? Math.sqrt(Array.from(x).reduce((sum, v) => sum + v * v, 0))
    : Array.from(x).reduce((sum, v) => sum + Math.abs(v), 0)

test('a projection is in the ball, nothing of the ball is nearer, and what is inside stays', () => {
  const property = fc.property(norms, vector(5), vector(5, 1), (norm, given, other) => {
    const point = Float64Array.from(given)
    project(norm, point)
    expect(lengthOf(norm, point)).toBeLessThanOrEqual(1 + 1e-12)
    if (lengthOf(norm, given) <= 1 - 1e-12) expect([...point]).toEqual(given)
    const inside = Float64Array.from(other)
    project(norm, inside)
    // the angle between the way to the projection and any way on inside the ball is not acute
    const product = point.reduce((sum, p, j) => sum + (given[j] - p) * (inside[j] - p), 0)
    expect(product).toBeLessThanOrEqual(1e-9)
  })
  fc.assert(property, { numRuns: 1000, seed: 1 })
})

test('steps stay in ball and box, and a full one from the centre goes as far as a linear function lets it', () => {
  const ends = fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { minLength: 18, maxLength: 18 })
  const sizes = fc.constantFrom(0.05, 0.3, 1, 4)
  const property = fc.property(norms, vector(9), vector(9), ends, sizes, (norm, from, slopes, widths, size) => {
    const room = { lower: widths.slice(0, 9).map((w) => -w), upper: widths.slice(9) }
    const gradient = Float64Array.from(slopes)
    const point = Float64Array.from(from, (x, j) => Math.min(room.upper[j], Math.max(room.lower[j], x)))
    project(norm, point)
    for (const stepTo of [stepInBall, leapInBall]) {
      const moved = point.slice()
      stepTo(moved, gradient, { norm, size, room })
      expect(lengthOf(norm, moved)).toBeLessThanOrEqual(1 + 1e-12)
      moved.forEach((x, j) => expect(x >= room.lower[j] && x <= room.upper[j]).toBe(true))
      const gain = moved.reduce((sum, x, j) => sum + gradient[j] * (x - point[j]), 0)
      if (lengthOf(norm, point) + size <= 1) expect(gain).toBeGreaterThanOrEqual(-1e-12)
    }
    const far = new Float64Array(9)
    leapInBall(far, gradient, { norm, size: 1, room: anywhere })
    const gained = far.reduce((sum, x, j) => sum + gradient[j] * x, 0)
    const most = norm === 'l2' ? lengthOf('l2', slopes) : Math.max(...slopes.map(Math.abs))
    expect(gained).toBeCloseTo(most, 9)
  })
  fc.assert(property, { numRuns: 300, seed: 2 })
})

test('an ℓ1 step passes over coordinates that are at the end of the box', () => {
  const room = { lower: [0, -1, -1], upper: [0, 0.25, 1] }
  for (const stepTo of [stepInBall, leapInBall]) {
    const point = new Float64Array(3)
    stepTo(point, Float64Array.of(9, 5, -1), { norm: 'l1', size: 1, room })
    expect([...point]).toEqual([0, 0.25, -0.75])
  }
  const still = new Float64Array(3)
  for (const norm of roundNorms) stepInBall(still, new Float64Array(3), { norm, size: 1, room })
  expect([...still]).toEqual([0, 0, 0])
})

test('many coordinates share one of many ℓ1 steps', () => {
  const point = new Float64Array(300)
  const wide = { lower: point.map(() => -1), upper: point.map(() => 1) }
  const gradient = point.map((_, j) => j + 1)
  stepInBall(point, gradient, { norm: 'l1', size: 0.375, room: wide })
  expect([...point.keys()].filter((j) => point[j] !== 0)).toEqual([297, 298, 299])
  expect(point[298]).toBe(0.125)
})

test('random points fill the ball evenly', () => {
  const random = new Random(1, 'ball')
  for (const norm of roundNorms) {
    const points = Array.from({ length: 4000 }, () => randomInBall(norm, 3, random))
    const within = (radius: number) => points.filter((point) => lengthOf(norm, point) <= radius).length / 4000
    expect(within(1 + 1e-12)).toBe(1)
    expect(within(0.5)).toBeCloseTo(1 / 8, 1)
    expect(Math.abs(within(0.8) - 0.512)).toBeLessThan(0.03)
    for (const j of [0, 1, 2]) {
      const positive = points.filter((point) => point[j] > 0).length / 4000
      expect(Math.abs(positive - 0.5)).toBeLessThan(0.03)
    }
  }
})
