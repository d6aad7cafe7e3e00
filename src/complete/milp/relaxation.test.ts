import { expect, test } from 'vitest'
import { Random } from '../../engine/random.ts'
import { leastByDenseLp, randomPoint, randomSystem, rowValues } from './milp.testing.ts'
import { Relaxation } from './relaxation.ts'

/** Of the dense method: its points may break each constraint by about 1e-10. */
const tolerance = 1e-8

test('agrees with a dense simplex method, whatever was solved before', async () => {
  const random = new Random(1)
  let [empty, full, several] = [0, 0, 0]
  for (let i = 0; i < 40; i++) {
    const options = { inputs: 1 + random.integer(4), neurons: 1 + random.integer(6), cases: [1, 2, 3], density: 0.8 }
    const system = randomSystem(random, options)
    const relaxation = await Relaxation.create(system)
    for (let j = 0; j < 6; j++) {
      const neuron = [random.integer(system.neurons)]
      const rows = [neuron, ...system.cases][random.integer(4)]
      relaxation.setObjective(rows)
      const phases = Int8Array.from({ length: system.neurons }, () => random.integer(3) - 1)
      const least = leastByDenseLp(system, phases, rows)
      const { bound, point } = relaxation.solve(phases, 10, false)
      expect(bound).toBeLessThanOrEqual(least + tolerance)
      if (least === Infinity) {
        empty++
        expect(bound).toBe(Infinity)
        expect(point).toBeUndefined()
      } else {
        full++
        several += Number(rows.length > 1)
        expect(least - bound).toBeLessThan(1e-7)
        expect(point!.every((x, k) => x >= system.lower[k] && x <= system.upper[k])).toBe(true)
      }
      const sign = relaxation.solve(phases, 10, true)
      expect(sign.bound > 0).toBe(bound > 0)
      expect(sign.bound).toBeLessThanOrEqual(least + tolerance)
    }
    relaxation.dispose()
  }
  expect([empty, full, several].every((count) => count > 40)).toBe(true)
})

test('where all neurons are fixed, the point has the value of the bound', async () => {
  const random = new Random(2)
  for (let i = 0; i < 20; i++) {
    const system = randomSystem(random, { inputs: 6, neurons: 8, cases: [2] })
    const phases = Int8Array.from(rowValues(system, randomPoint(random, system)).subarray(0, 8), (z) =>
      z > 0 ? 1 : -1,
    )
    const relaxation = await Relaxation.create(system)
    relaxation.setObjective(system.cases[0])
    const { bound, point, on, off } = relaxation.solve(phases, 10, false)
    const values = rowValues(system, point!)
    expect(Math.max(...system.cases[0].map((row) => values[row]))).toBeCloseTo(bound, 6)
    phases.forEach((phase, k) => expect(phase > 0 ? off[k] : on[k]).toBeCloseTo(0, 9))
    relaxation.dispose()
  }
})

test('a limit of time holds inside an LP, and what it leaves is still a bound', async () => {
  const random = new Random(3)
  const system = randomSystem(random, { inputs: 600, neurons: 900, density: 0.3 })
  const relaxation = await Relaxation.create(system)
  relaxation.setObjective(system.cases[0])
  const started = performance.now()
  const { bound } = relaxation.solve(new Int8Array(system.neurons), 0.2, false)
  expect(performance.now() - started).toBeLessThan(1200)
  relaxation.dispose()
  const values = Array.from({ length: 50 }, () => rowValues(system, randomPoint(random, system))[system.neurons])
  expect(bound).toBeLessThan(Math.min(...values))
})
