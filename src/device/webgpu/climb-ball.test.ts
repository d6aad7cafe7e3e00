import { expect, test } from 'vitest'
import { type Domain, domains } from '../../region/domain.ts'
import { ends, found, foundOnCpu, inputs, real, stride } from './climb.testing.ts'

const l2 = { norm: 'l2' } as const

const balls = domains.flatMap((domain) => [0.02, 0.3].map((epsilon) => ({ domain, epsilon })))
test.each(balls)('finds what the CPU finds: $domain, ε $epsilon', async ({ domain, epsilon }) => {
  const { points, chunk, dispatches } = await found({ ...l2, domain, epsilon })
  real(foundOnCpu(chunk, domain)).forEach((value, i) => expect(real(points)[i]).toBeCloseTo(value, 4))
  expect(real(points)).not.toEqual(real(chunk.ball.centre.read()))
  expect(dispatches).toBe(1 + 5 * 4 + 3)
})

/** Distances from the centre in shares of the radius, per example. */
async function starts(domain: Domain, seed: number) {
  const { points, box } = await found({ ...l2, domain, seed, randomStart: true, steps: 1, stepSize: 0 })
  const share = (i: number) => (points[i] - box[i]) / box[i + inputs * stride]
  const vectors = Array.from({ length: 5 }, (_, e) => Array.from({ length: inputs }, (_, j) => share(j * stride + e)))
  return { points, box, vectors }
}

test('starts anywhere in the ball', async () => {
  const vectors = (await Promise.all([...Array(12).keys()].map((seed) => starts('unbounded', seed)))).flatMap(
    (one) => one.vectors,
  )
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length
  // the volume within a point's distance is uniform
  const volumes = vectors.map((vector) => Math.hypot(...vector) ** inputs)
  expect(Math.max(...volumes)).toBeLessThan(1 + 1e-4)
  expect(Math.abs(mean(volumes) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / volumes.length))
  expect(Math.min(...volumes)).toBeLessThan(0.1)
  expect(Math.max(...volumes)).toBeGreaterThan(0.9)
  const all = vectors.flat()
  const variance = 1 / (inputs + 2)
  expect(Math.abs(mean(all))).toBeLessThan(4 * Math.sqrt(variance / all.length))
  expect(mean(all.map((share) => share ** 2)) / variance).toBeGreaterThan(0.8)
  expect(mean(all.map((share) => share ** 2)) / variance).toBeLessThan(1.2)
  for (let j = 1; j < inputs; j++) {
    const product = mean(vectors.map((vector) => vector[0] * vector[j]))
    expect(Math.abs(product)).toBeLessThan((4 * variance) / Math.sqrt(vectors.length))
  }
})

test('stays in the domain', async () => {
  const { points, box } = await starts('pixels', 3)
  points.forEach((point, i) => {
    if (i % stride >= 5) return
    const [low, high] = ends(box, i, 'pixels')
    expect(point).toBeGreaterThan(low - 1e-5)
    expect(point).toBeLessThan(high + 1e-5)
  })
})
