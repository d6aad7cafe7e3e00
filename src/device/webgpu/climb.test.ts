import { describe, expect, test } from 'vitest'
import { domains } from '../../region/domain.ts'
import { smallBox } from './climb.ts'
import { ends, found, foundOnCpu, real, stride } from './climb.testing.ts'
import { Trial, testGpu } from './gpu.testing.ts'

describe('attack', () => {
  const balls = domains.flatMap((domain) => [0.01, 0.1].map((epsilon) => ({ domain, epsilon })))
  test.each(balls)('finds what the CPU finds: $domain, ε $epsilon', async ({ domain, epsilon }) => {
    const { points, chunk, dispatches } = await found({ domain, epsilon })
    const expected = foundOnCpu(chunk, domain)
    real(expected).forEach((value, i) => expect(real(points)[i]).toBeCloseTo(value, 5))
    // somebody has moved, and not everybody as far as the last step
    expect(real(points)).not.toEqual(real(chunk.ball.centre.read()))
    // a start, five steps of four, and the judgement of the last point
    expect(dispatches).toBe(1 + 5 * 4 + 3)
  })

  test.each(domains)('starts anywhere in the ball, by image and seed, and stays in it: %s', async (domain) => {
    const still = { domain, randomStart: true, steps: 1, stepSize: 0 }
    const shares: number[] = []
    for (let seed = 0; seed < 6; seed++) {
      const { points, box } = await found({ ...still, seed })
      points.forEach((point, i) => {
        if (i % stride >= 5) return
        const [low, high] = ends(box, i, domain)
        shares.push((point - low) / (high - low))
      })
    }
    for (const share of shares) expect(share).toBeGreaterThan(-1e-5)
    for (const share of shares) expect(share).toBeLessThan(1 + 1e-5)
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length
    // four deviations of a mean
    expect(Math.abs(mean(shares) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / shares.length))
    expect(Math.abs(mean(shares.map((share) => share ** 2)) - 1 / 3)).toBeLessThan(
      4 * Math.sqrt(4 / 45 / shares.length),
    )
    expect(new Set(shares.map((share) => share.toFixed(5))).size).toBeGreaterThan(0.95 * shares.length)
    const { points, box } = await found({ domain, randomStart: true, steps: 3, stepSize: 1 })
    real(points.map((_, i) => i)).forEach((i) => {
      const [low, high] = ends(box, i, domain)
      expect(points[i]).toBeGreaterThan(low - 1e-5)
      expect(points[i]).toBeLessThan(high + 1e-5)
    })
  })
})

test('smallBox takes a share of the radius, around another centre or its own', async () => {
  const trial = new Trial(await testGpu())
  const box = trial.input([1, 2, 3, 4, 0.5, 0.25, 1, 0])
  const centre = trial.input([5, 6, 7, 8])
  const small = [smallBox(trial.plan, { box, centre, share: 0.5 }), smallBox(trial.plan, { box, share: 0.75 })]
  const [around, own] = await trial.run(small)
  expect([...around]).toEqual([5, 6, 7, 8, 0.25, 0.125, 0.5, 0])
  expect([...own]).toEqual([1, 2, 3, 4, 0.375, 0.1875, 0.75, 0])
})
