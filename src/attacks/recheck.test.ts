import fc from 'fast-check'
import { expect, test } from 'vitest'
import { domains } from '../region/domain.ts'
import { Random } from '../base/random.ts'
import { evaluate } from '../model/evaluate.ts'
import type { Network } from '../model/network.ts'
import { judge, projectIntoBall, recheck, recheckAt } from './recheck.ts'
import type { Ball } from '../region/ball.ts'

/** Logits (x, 0.5): class 0 wins where x > 0.5. */
const threshold: Network = {
  architecture: {
    name: 'threshold',
    input: { channels: 1, height: 1, width: 1 },
    layers: [{ kind: 'linear', outFeatures: 2 }],
  },
  parameters: Float32Array.of(1, 0, 0, 0.5),
}

const within = (epsilon: number): Ball => ({ epsilon, norm: 'linf', domain: 'pixels' })

test('a tie is a misclassification', () => {
  expect(judge([1, 3, 2], 1)).toEqual({ prediction: 1, margin: 1 })
  expect(judge([1, 3, 3], 1)).toEqual({ prediction: 2, margin: 0 })
  expect(judge([3, 3, 1], 1)).toEqual({ prediction: 0, margin: 0 })
  expect(judge([1, NaN], 0).margin).toBeNaN()
})

test('a candidate counts only if the network errs at it', () => {
  const image = Float32Array.of(0.6)
  const at = (x: number, epsilon: number) => recheck(threshold, { image, label: 0, ball: within(epsilon), point: [x] })
  expect(at(0.5, 0.2)).toMatchObject({ prediction: 1, margin: 0 })
  expect(at(0.45, 0.2)!.margin).toBeCloseTo(-0.05)
  expect(at(0.51, 0.2)).toBeUndefined()
  expect(at(0.3, 0.05)).toBeUndefined()
  expect(at(-5, 1)!.image[0]).toBe(0)
  expect(at(NaN, 1)).toBeUndefined()
})

test('projected points are float32 numbers of the ball and, over pixels, of [0, 1]; points inside stay', () => {
  const pixel = fc.integer({ min: 0, max: 255 }).map((byte) => Math.fround(byte / 255))
  const epsilons = fc.oneof(fc.constantFrom(0, 0.1, 0.3, 1 / 255, 1e-9), fc.double({ min: 0, max: 1, noNaN: true }))
  fc.assert(
    fc.property(
      pixel,
      epsilons,
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.constantFrom(...domains),
      (centre, epsilon, x, domain) => {
        const value = projectIntoBall({
          image: Float32Array.of(centre),
          ball: { ...within(epsilon), domain },
          point: [x],
        })[0]
        expect(Math.abs(value - centre)).toBeLessThanOrEqual(epsilon)
        if (domain === 'pixels') expect(value >= 0 && value <= 1).toBe(true)
        const inside =
          Math.abs(Math.fround(x) - centre) < epsilon * (1 - 1e-6) && (domain === 'unbounded' || (x >= 0 && x <= 1))
        if (inside) expect(value === Math.fround(x)).toBe(true)
      },
    ),
    { numRuns: 2000, seed: 1 },
  )
})

test('the margin is that of the rounded point', () => {
  const found = recheck(threshold, {
    image: Float32Array.of(0.6),
    label: 0,
    ball: within(0.3),
    point: [0.4],
  })!
  expect(found.margin).toBe(judge(evaluate(threshold, found.image), 0).margin)
})

test('a point of float64 is moved into the domain, by no more than it must, and counts if the network errs at it', () => {
  const pixel = fc.integer({ min: 0, max: 255 }).map((byte) => Math.fround(byte / 255))
  const numbers = fc.double({ min: -1, max: 2, noNaN: true })
  const property = fc.property(pixel, numbers, fc.constantFrom(...domains), (centre, x, domain) => {
    const candidate = { image: Float32Array.of(centre), label: 0, ball: { ...within(0.1), domain }, point: [x] }
    const logits = (image: ArrayLike<number>) => evaluate(threshold, image)
    const found = recheckAt(logits, candidate)
    const [least, most] = domain === 'pixels' ? [0, 1] : [-Infinity, Infinity]
    const nearest = Math.min(Math.min(most, centre + 0.1), Math.max(Math.max(least, centre - 0.1), x))
    if (!found) {
      expect(nearest).toBeGreaterThan(0.5 - 1e-7)
      return
    }
    const [value] = found.image
    expect(found.margin).toBe(judge(logits(found.image), 0).margin)
    expect(found.margin).toBeLessThanOrEqual(0)
    expect(Math.abs(value! - centre)).toBeLessThanOrEqual(0.1)
    expect(value! >= least && value! <= most).toBe(true)
    expect(value!).toBeCloseTo(nearest, 6)
  })
  fc.assert(property, { numRuns: 1000, seed: 2 })
})

test('points of ℓ2 and ℓ1 balls are moved into ball and domain, and those well inside stay', () => {
  const pixels = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 8 })
  const epsilons = fc.constantFrom(0, 1e-16, 1e-9, 0.1, 0.5, 2)
  const property = fc.property(
    ...([pixels, epsilons, fc.constantFrom('l2', 'l1'), fc.constantFrom(...domains), fc.integer()] as const),
    (bytes, epsilon, norm, domain, seed) => {
      const random = new Random(seed, 'recheck')
      const image = Float32Array.from(bytes, (byte) => byte / 255)
      const stretch = 10 ** random.between(-3, 1)
      const point = [...image].map((x) => x + stretch * epsilon * random.normal())
      const length = (x: ArrayLike<number>) => {
        const moves = [...image].map((centre, j) => Math.abs(x[j] - centre))
        return norm === 'l1' ? moves.reduce((a, b) => a + b) : Math.hypot(...moves)
      }
      const ball = { epsilon, norm, domain }
      const found = [projectIntoBall({ image, ball, point })]
      // class 1 everywhere, so that the points themselves come back
      const wrong = recheckAt(() => Float64Array.of(0, 1), { image, label: 0, ball, point })!
      for (const x of [...found, wrong.image]) {
        expect(length(x)).toBeLessThanOrEqual(epsilon)
        if (domain === 'pixels') expect(x.every((value) => value >= 0 && value <= 1)).toBe(true)
        const inside = point.every((value) => domain === 'unbounded' || (value >= 0 && value <= 1))
        if (inside && length(point) < 0.999 * epsilon && epsilon > 1e-3) {
          x.forEach((value, j) => expect(Math.abs(value - point[j])).toBeLessThan(3e-7))
        }
      }
    },
  )
  fc.assert(property, { numRuns: 1000, seed: 4 })
})

test('an ℓ2 or ℓ1 point that only float64 can express counts', () => {
  const image = Float32Array.of(0.6, 0.25)
  // x ≥ 0.4 + 2⁻⁴⁰ is right, and float32 has no number of the ball below
  const limit = Math.fround(0.6) - 0.2 + 2 ** -40
  const logits = (x: ArrayLike<number>) => Float64Array.of(x[0] - limit, 0)
  for (const norm of ['l2', 'l1'] as const) {
    const candidate = { image, label: 0, ball: { ...within(0.2), norm }, point: [0, 0.25] }
    expect(recheckAt(logits, candidate)!.image).toBeInstanceOf(Float64Array)
    expect(recheckAt(logits, { ...candidate, ball: { ...within(0.2 - 2 ** -39), norm } })).toBeUndefined()
    expect(recheckAt(logits, { ...candidate, point: [NaN, 0.25] })).toBeUndefined()
  }
})
