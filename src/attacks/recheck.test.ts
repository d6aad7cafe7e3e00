import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluate } from '../networks/evaluate.ts'
import type { Network } from '../networks/network.ts'
import { judge, projectIntoBall, recheck } from './recheck.ts'

/** Logits (x, 0.5): class 0 wins where x > 0.5. */
const threshold: Network = {
  architecture: {
    name: 'threshold',
    input: { channels: 1, height: 1, width: 1 },
    layers: [{ kind: 'linear', outFeatures: 2 }],
  },
  parameters: Float32Array.of(1, 0, 0, 0.5),
}

test('a tie is a misclassification', () => {
  expect(judge([1, 3, 2], 1)).toEqual({ prediction: 1, margin: 1 })
  expect(judge([1, 3, 3], 1)).toEqual({ prediction: 2, margin: 0 })
  expect(judge([3, 3, 1], 1)).toEqual({ prediction: 0, margin: 0 })
  expect(judge([1, NaN], 0).margin).toBeNaN()
})

test('a candidate counts only if the network errs at it', () => {
  const image = Float32Array.of(0.6)
  const at = (x: number, epsilon: number) => recheck(threshold, { image, label: 0, epsilon, point: [x], clip: true })
  expect(at(0.5, 0.2)).toMatchObject({ prediction: 1, margin: 0 })
  expect(at(0.45, 0.2)!.margin).toBeCloseTo(-0.05)
  expect(at(0.51, 0.2)).toBeUndefined()
  expect(at(0.3, 0.05)).toBeUndefined()
  expect(at(-5, 1)!.image[0]).toBe(0)
  expect(at(NaN, 1)).toBeUndefined()
})

test('projected points are float32 numbers of the ball and, clipped, of [0, 1]; points inside stay', () => {
  const pixel = fc.integer({ min: 0, max: 255 }).map((byte) => Math.fround(byte / 255))
  const epsilons = fc.oneof(fc.constantFrom(0, 0.1, 0.3, 1 / 255, 1e-9), fc.double({ min: 0, max: 1, noNaN: true }))
  fc.assert(
    fc.property(
      pixel,
      epsilons,
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.boolean(),
      (centre, epsilon, x, clip) => {
        const value = projectIntoBall({ image: Float32Array.of(centre), epsilon, point: [x], clip })[0]!
        expect(Math.abs(value - centre)).toBeLessThanOrEqual(epsilon)
        if (clip) expect(value >= 0 && value <= 1).toBe(true)
        const inside = Math.abs(Math.fround(x) - centre) < epsilon * (1 - 1e-6) && (!clip || (x >= 0 && x <= 1))
        if (inside) expect(value === Math.fround(x)).toBe(true)
      },
    ),
    { numRuns: 2000, seed: 1 },
  )
})

test('the margin is that of the rounded point', () => {
  const found = recheck(threshold, { image: Float32Array.of(0.6), label: 0, epsilon: 0.3, point: [0.4], clip: true })!
  expect(found.margin).toBe(judge(evaluate(threshold, found.image), 0).margin)
})
