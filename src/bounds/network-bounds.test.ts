import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { architectureNamed } from '../model/architectures.ts'
import { evaluate } from '../model/evaluate.ts'
import { initialise } from '../model/initialise.ts'
import { randomNetwork } from '../model/random-network.testing.ts'
import { extremePoint } from '../region/ball-points.testing.ts'
import { dualBounds, intervalBounds } from './network-bounds.ts'

const network = initialise(architectureNamed('mnist-small'), 1)
const random = new Random(1, 'test')
const image = Float32Array.from({ length: 784 }, () => random.uniform())

test('bounds hold sampled points, and the dual ones are never looser than intervals', async () => {
  const epsilon = 0.02
  const dual = await dualBounds(network, image, 3, { epsilon })
  const interval = await intervalBounds(network, image, 3, { epsilon })
  expect(dual.hidden.map(({ lower }) => lower.length)).toEqual([3136, 1568, 100])
  for (const { hidden, margins } of [dual, interval]) {
    expect(hidden.every(({ lower, upper }) => lower.every((l, j) => l <= upper[j]))).toBe(true)
    expect(margins[3]).toBe(0)
  }
  dual.margins.forEach((margin, target) => expect(margin).toBeLessThanOrEqual(interval.margins[target] + 1e-5))
  for (let sample = 0; sample < 20; sample++) {
    const point = image.map((pixel) => Math.fround(pixel + 0.999 * epsilon * (random.uniform() < 0.5 ? -1 : 1)))
    const logits = evaluate(network, point)
    logits.forEach((logit, target) => expect(logit - logits[3]).toBeLessThanOrEqual(dual.margins[target]))
  }
})

test('without pruning the bound is the paper’s, and not tighter', async () => {
  const pruned = await dualBounds(network, image, 0, { epsilon: 0.01 })
  const plain = await dualBounds(network, image, 0, { epsilon: 0.01, prune: false })
  pruned.margins.forEach((margin, target) => expect(margin).toBeLessThanOrEqual(plain.margins[target] + 1e-4))
  expect([pruned.margins[0], plain.margins[0]]).toEqual([0, 0])
})

test('over pixels bounds are never looser, hold the points of the domain, and only those', async () => {
  const epsilon = 0.1
  for (const seed of [1, 2, 3]) {
    const small = randomNetwork(new Random(seed, 'network'), {
      input: { channels: 1, height: 5, width: 5 },
      classes: 3,
    })
    const draw = new Random(seed, 'image')
    const extreme = Float32Array.from({ length: 25 }, () => [0, 1, draw.uniform()][draw.integer(3)])
    for (const bound of [intervalBounds, dualBounds]) {
      const whole = await bound(small, extreme, 1, { epsilon })
      const cut = await bound(small, extreme, 1, { epsilon, domain: 'pixels' })
      expect(await bound(small, extreme, 1, { epsilon, domain: 'unbounded' })).toEqual(whole)
      // a dual bound of a smaller box may take other slopes: only intervals are monotone
      if (bound === intervalBounds) {
        cut.hidden.forEach(({ lower, upper }, i) => {
          lower.forEach((l, j) => expect(l).toBeGreaterThanOrEqual(whole.hidden[i].lower[j] - 1e-5))
          upper.forEach((u, j) => expect(u).toBeLessThanOrEqual(whole.hidden[i].upper[j] + 1e-5))
        })
        cut.margins.forEach((margin, target) => expect(margin).toBeLessThanOrEqual(whole.margins[target] + 1e-5))
        expect(cut.hidden[0]).not.toEqual(whole.hidden[0])
      }
      for (let sample = 0; sample < 100; sample++) {
        const corner = extreme.map((pixel) => pixel + epsilon * (draw.integer(2) ? 1 : -1))
        const logits = evaluate(
          small,
          corner.map((value) => Math.min(1, Math.max(0, value))),
        )
        logits.forEach((logit, target) => expect(logit - logits[1]).toBeLessThanOrEqual(cut.margins[target] + 1e-6))
      }
    }
  }
})

test('over ℓ2 and ℓ1 balls bounds hold, and are tighter than over the ℓ∞ ball of the same radius', async () => {
  const epsilon = 0.05
  for (const bound of [intervalBounds, dualBounds]) {
    const box = await bound(network, image, 3, { epsilon })
    for (const norm of ['l2', 'l1'] as const) {
      const { margins } = await bound(network, image, 3, { epsilon, norm })
      margins.forEach((margin, target) => expect(margin).toBeLessThanOrEqual(box.margins[target]))
      for (let sample = 0; sample < 5; sample++) {
        const logits = evaluate(network, Float32Array.from(extremePoint(random, image, 0.999 * epsilon, norm)))
        logits.forEach((logit, target) => expect(logit - logits[3]).toBeLessThanOrEqual(margins[target]))
      }
      expect(await bound(network, image, 3, { epsilon, norm, domain: 'pixels' })).toMatchObject({ margins })
    }
  }
  expect((await dualBounds(network, image, 3, { epsilon: 28, norm: 'l2' })).margins[0]).toBeGreaterThan(0)
})

test('impossible labels, radii and images are refused', async () => {
  await expect(dualBounds(network, image, 10, { epsilon: 0.1 })).rejects.toThrow('from 0 to 9, not 10')
  await expect(dualBounds(network, image, 0, { epsilon: NaN })).rejects.toThrow(
    'ε must be a number from 0 to 1 (pixels are in [0, 1]), not NaN',
  )
  await expect(dualBounds(network, image, 0, { epsilon: 28.1, norm: 'l2' })).rejects.toThrow(
    /ε in ℓ2 must be a number from 0 to 28 .*, not 28.1/,
  )
  await expect(dualBounds(network, image, 0, { epsilon: 0.1, norm: 'l0' as 'l1' })).rejects.toThrow("unknown norm 'l0'")
  await expect(intervalBounds(network, image.subarray(1), 0, { epsilon: 0.1 })).rejects.toThrow(
    'the image has 783 values',
  )
  const bright = image.map((pixel) => pixel + 0.5)
  await expect(intervalBounds(network, bright, 0, { epsilon: 0.1, domain: 'pixels' })).rejects.toThrow('not in [0, 1]')
  await expect(dualBounds(network, image, 0, { epsilon: 0.1, domain: 'pixel' as 'pixels' })).rejects.toThrow(
    "did you mean 'pixels'",
  )
})
