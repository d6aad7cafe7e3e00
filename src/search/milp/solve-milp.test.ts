import { describe, expect, test } from 'vitest'
import { Deadline } from '../../base/deadline.ts'
import { Random } from '../../base/random.ts'
import type { Condensed } from '../system/condensed.ts'
import { distance, leastByEnumeration, randomPoint, randomSystem } from '../testing/milp.testing.ts'
import { solveMilp } from './solve-milp.ts'

/** Of the enumeration: the points of its LPs may break each constraint by about 1e-10. */
const tolerance = 1e-8

const decide = (system: Condensed, timeout = 20) =>
  solveMilp(system, {
    deadline: Deadline.in(1000 * timeout),
    isCounterexample: (point) => distance(system, point) <= 0,
  })

/** With the least distance moved to `margin`. */
function withLeast(system: Condensed, margin: number): Condensed {
  const least = leastByEnumeration(system)
  const bias = system.bias.map((b, row) => (row < system.neurons ? b : b - least + margin))
  return { ...system, bias }
}

test('agrees with the enumeration of all patterns', async () => {
  const random = new Random(1)
  const counts = { robust: 0, vulnerable: 0, undecided: 0 }
  let split = 0
  for (let i = 0; i < 100; i++) {
    const cases = Array.from({ length: 1 + random.integer(3) }, () => 1 + random.integer(2))
    const options = { inputs: 1 + random.integer(5), neurons: 2 + random.integer(5), cases }
    // near zero, where relaxations leave most open
    const least = random.between(-0.04, 0.05)
    const system = withLeast(randomSystem(random, options), least)
    const result = await decide(system)
    counts[result.verdict]++
    split += Number(result.nodes > cases.length)
    if (Math.abs(least) > 1e-7) expect(result.verdict).toBe(least > 0 ? 'robust' : 'vulnerable')
    if (result.verdict === 'robust') {
      expect(result.margin).toBeGreaterThan(0)
      expect(result.margin).toBeLessThanOrEqual(least + tolerance)
    }
    if (result.verdict === 'vulnerable') expect(distance(system, result.point)).toBeLessThanOrEqual(0)
  }
  expect(counts.robust).toBeGreaterThan(30)
  expect(counts.vulnerable).toBeGreaterThan(30)
  expect(counts.undecided).toBeLessThan(3)
  expect(split).toBeGreaterThan(20)
})

describe('close to zero', () => {
  test('decides what is more than rounding away from it', async () => {
    const random = new Random(2)
    for (let i = 0; i < 15; i++) {
      const system = randomSystem(random, { inputs: 3, neurons: 5, cases: [1, 1] })
      expect((await decide(withLeast(system, 1e-6))).verdict).toBe('robust')
      expect((await decide(withLeast(system, -1e-6))).verdict).toBe('vulnerable')
    }
  })

  test('a row that may be off by more than its margin is not proved', async () => {
    const random = new Random(3)
    for (let i = 0; i < 10; i++) {
      const system = withLeast(randomSystem(random, { inputs: 3, neurons: 4 }), 1e-4)
      const result = await decide({ ...system, error: system.error.map((_, row) => (row < 4 ? 0 : 2e-4)) })
      expect(result).toMatchObject({ verdict: 'undecided', reason: 'precision' })
      if (result.verdict === 'undecided') expect(result.bound).toBeCloseTo(-1e-4, 6)
    }
  })

  test('a minimum that no point confirms is not proved either way', async () => {
    const system = withLeast(randomSystem(new Random(4), { inputs: 3, neurons: 5 }), -0.01)
    const result = await solveMilp(system, { deadline: Deadline.in(20_000), isCounterexample: () => false })
    expect(result).toMatchObject({ verdict: 'undecided', reason: 'precision' })
    if (result.verdict === 'undecided') expect(result.bound).toBeCloseTo(-0.01, 6)
  })
})

test('nothing to decide is robust', async () => {
  const system = randomSystem(new Random(5), { inputs: 2, neurons: 2 })
  expect(await decide({ ...system, cases: [] })).toEqual({ verdict: 'robust', margin: Infinity, nodes: 0, lps: 0 })
})

test('stops at its limit of time, with a bound that holds', async () => {
  const random = new Random(6)
  const system = randomSystem(random, { inputs: 40, neurons: 120, cases: [1, 1], density: 0.5 })
  const limited = (timeout: number) =>
    solveMilp(system, { deadline: Deadline.in(1000 * timeout), isCounterexample: () => false })
  const started = performance.now()
  const result = await limited(0.5)
  expect(performance.now() - started).toBeLessThan(1100 * 0.5 + 1000)
  expect(result).toMatchObject({ verdict: 'undecided', reason: 'timeout' })
  expect(result.nodes).toBeGreaterThan(0)
  const sampled = Math.min(...Array.from({ length: 200 }, () => distance(system, randomPoint(random, system))))
  if (result.verdict === 'undecided') expect(result.bound).toBeLessThan(sampled)
  expect(await limited(0)).toMatchObject({ verdict: 'undecided', bound: -Infinity, nodes: 0 })
})
