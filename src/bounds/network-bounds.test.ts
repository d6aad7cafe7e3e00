import { expect, test } from 'vitest'
import { Random } from '../engine/random.ts'
import { architectureNamed } from '../networks/architectures.ts'
import { evaluate } from '../networks/evaluate.ts'
import { initialise } from '../networks/initialise.ts'
import { dualBounds, intervalBounds } from './network-bounds.ts'

const network = initialise(architectureNamed('mnist-small'), 1)
const random = new Random(1, 'test')
const image = Float32Array.from({ length: 784 }, () => random.uniform())

test('bounds hold sampled points, and the dual ones are never looser than intervals', async () => {
  const epsilon = 0.02
  const dual = await dualBounds(network, image, 3, epsilon)
  const interval = await intervalBounds(network, image, 3, epsilon)
  expect(dual.hidden.map(({ lower }) => lower.length)).toEqual([3136, 1568, 100])
  for (const { hidden, margins } of [dual, interval]) {
    expect(hidden.every(({ lower, upper }) => lower.every((l, j) => l <= upper[j]!))).toBe(true)
    expect(margins[3]).toBe(0)
  }
  dual.margins.forEach((margin, target) => expect(margin).toBeLessThanOrEqual(interval.margins[target]! + 1e-5))
  for (let sample = 0; sample < 20; sample++) {
    const point = image.map((pixel) => Math.fround(pixel + 0.999 * epsilon * (random.uniform() < 0.5 ? -1 : 1)))
    const logits = evaluate(network, point)
    logits.forEach((logit, target) => expect(logit - logits[3]!).toBeLessThanOrEqual(dual.margins[target]!))
  }
})

test('without pruning the bound is the paper’s, and not tighter', async () => {
  const pruned = await dualBounds(network, image, 0, 0.01)
  const plain = await dualBounds(network, image, 0, 0.01, { prune: false })
  pruned.margins.forEach((margin, target) => expect(margin).toBeLessThanOrEqual(plain.margins[target]! + 1e-4))
})

test('impossible labels, radii and images are refused', async () => {
  await expect(dualBounds(network, image, 10, 0.1)).rejects.toThrow('from 0 to 9, not 10')
  await expect(dualBounds(network, image, 0, NaN)).rejects.toThrow('ε must be from 0 to 1, not NaN')
  await expect(intervalBounds(network, image.subarray(1), 0, 0.1)).rejects.toThrow('image of 783 values')
})
