import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { leastByDenseLp, randomPoint, randomSystem, rowValues } from '../testing/milp.testing.ts'
import { LinearProgram } from './lp.ts'

/** Of the dense method: its points may break each constraint by about 1e-10. */
const tolerance = 1e-8

test('agrees with a dense simplex method, whatever was solved before', async () => {
  const random = new Random(1)
  let [empty, full, several] = [0, 0, 0]
  for (let i = 0; i < 40; i++) {
    const options = { inputs: 1 + random.integer(4), neurons: 1 + random.integer(6), cases: [1, 2, 3], density: 0.8 }
    const system = randomSystem(random, options)
    const program = await LinearProgram.create(system)
    for (let j = 0; j < 6; j++) {
      const neuron = [random.integer(system.neurons)]
      const rows = [neuron, ...system.cases][random.integer(4)]
      program.setObjective(rows)
      const phases = Int8Array.from({ length: system.neurons }, () => random.integer(3) - 1)
      const least = leastByDenseLp(system, phases, rows)
      const { bound, point } = program.solve(phases, 10)
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
      const sign = program.solveForSign(phases, 10)
      expect(sign.bound > 0).toBe(bound > 0)
      expect(sign.bound).toBeLessThanOrEqual(least + tolerance)
    }
    program.dispose()
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
    const program = await LinearProgram.create(system)
    program.setObjective(system.cases[0])
    const { bound, point, on, off } = program.solve(phases, 10)
    const values = rowValues(system, point!)
    expect(Math.max(...system.cases[0].map((row) => values[row]))).toBeCloseTo(bound, 6)
    phases.forEach((phase, k) => expect(phase > 0 ? off[k] : on[k]).toBeCloseTo(0, 9))
    program.dispose()
  }
})

test('a limit of time holds inside an LP, and what it leaves is still a bound', async () => {
  const random = new Random(3)
  const system = randomSystem(random, { inputs: 600, neurons: 900, density: 0.3 })
  const program = await LinearProgram.create(system)
  program.setObjective(system.cases[0])
  const started = performance.now()
  const { bound } = program.solve(new Int8Array(system.neurons), 0.2)
  expect(performance.now() - started).toBeLessThan(1200)
  program.dispose()
  const values = Array.from({ length: 50 }, () => rowValues(system, randomPoint(random, system))[system.neurons])
  expect(bound).toBeLessThan(Math.min(...values))
})

test('what HiGHS calls infeasible is so only if its ray proves it, with what the rows may be off by', async () => {
  // z = x + 1/2 ≥ 1/2 over x in [0, 1] cannot be off, unless the row may be off by more than 1/2
  const system = (error: number) => ({
    ...{ inputs: 1, lower: Float64Array.of(0), upper: Float64Array.of(1), neurons: 1, levels: [0] },
    ...{ neuronLower: Float64Array.of(-1), neuronUpper: Float64Array.of(2), cases: [[1]] },
    ...{ start: Int32Array.of(0, 1, 2), source: Int32Array.of(0, 1), weight: Float64Array.of(1, 1) },
    ...{ bias: Float64Array.of(0.5, -1), error: Float64Array.of(error, 0) },
  })
  const boundOff = async (error: number) => {
    const program = await LinearProgram.create(system(error))
    program.setObjective([1])
    const { bound } = program.solve(Int8Array.of(-1), 10)
    program.dispose()
    return bound
  }
  expect(await boundOff(0)).toBe(Infinity)
  expect(await boundOff(0.4)).toBe(Infinity)
  expect(await boundOff(0.6)).toBeLessThanOrEqual(-1)
})
