import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { isInside, randomRegion } from './random-region.testing.ts'
import { imageRegion, moveInto } from './region.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 30 })

test('points are moved into box and ball, and those inside hardly at all', () => {
  const property = fc.property(seeds, (seed) => {
    const random = new Random(seed, 'move')
    const region = randomRegion(random, 1 + random.integer(12))
    const moved = moveInto(
      region,
      region.lower.map(() => random.between(-5, 5)),
    )
    expect(isInside(region, moved)).toBe(true)
    moveInto(region, moved).forEach((x, i) => expect(x).toBeCloseTo(moved[i], 10))
  })
  fc.assert(property, { numRuns: 300, seed: 2 })
})

const whole = { epsilon: 0.5, norm: 'linf', domain: 'unbounded' } as const
const pixels = { ...whole, domain: 'pixels' } as const

test('the box around an image holds the exact one by a hair', () => {
  const { lower, upper } = imageRegion([0.25, 1], whole)
  expect(lower[0] < -0.25 && lower[0] > -0.25 - 1e-15 && upper[1] > 1.5 && upper[1] < 1.5 + 1e-15).toBe(true)
  const cut = imageRegion([0.25, 1], pixels)
  expect([cut.lower[0], cut.upper[1]]).toEqual([0, 1])
})

test('an ℓ2 or ℓ1 ball comes with the box around it, an ℓ∞ ball is one', () => {
  expect(imageRegion([0.25, 1], pixels).ball).toBeUndefined()
  for (const norm of ['l2', 'l1'] as const) {
    const { ball, ...box } = imageRegion([0.25, 1], { ...pixels, norm })
    expect(ball).toEqual({ norm, centre: Float64Array.of(0.25, 1), radius: 0.5 })
    expect(box).toEqual(imageRegion([0.25, 1], pixels))
  }
})

test('images with other values than pixels are refused, where pixels are the domain', () => {
  expect(() => imageRegion([0.5, 1.5], pixels)).toThrow(/pixel 1 of the image is 1.5, .* or choose the domain/)
  expect(() => imageRegion([0.5, NaN], pixels)).toThrow(/pixel 1 /)
  expect(() => imageRegion([0.5, 1.5], whole)).not.toThrow()
})
