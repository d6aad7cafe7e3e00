import { describe, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import type { Condensed } from '../system/condensed.ts'
import { randomPoint, randomSystem, rowValues } from '../testing/milp.testing.ts'
import { noRows, safeBound } from './safe-bound.ts'

/** Multipliers that no solver would give, of all sizes. */
const garbage = (random: Random, length: number) => {
  const scale = 10 ** random.integer(6)
  return Float64Array.from({ length }, () => (random.integer(4) === 0 ? 0 : scale * random.normal()))
}

describe('any multipliers give a valid bound', () => {
  test('in the region of every point, also where rows are off by their error', () => {
    const random = new Random(1)
    for (let i = 0; i < 1500; i++) {
      const options = { inputs: 1 + random.integer(5), neurons: random.integer(8), cases: [1 + random.integer(3)] }
      const exact = randomSystem(random, options)
      const error = exact.error.map((_, row) => (i % 2 ? 0 : row % 3 ? 1e-3 : 0))
      // as wide as rows that are off can carry the neurons
      const system = { ...exact, error, ...widened(exact, i % 2 ? 0 : 0.1) }
      const values = rowValues(system, randomPoint(random, system), (row) => error[row] * random.between(-1, 1))
      const phases = Int8Array.from(system.neuronLower, (_, k) =>
        random.integer(3) === 0 ? 0 : values[k] >= 0 ? 1 : -1,
      )
      const [rows] = system.cases
      const weights = garbage(random, rows.length)
      const multipliers = garbage(random, system.neurons)
      const largest = Math.max(...rows.map((row) => values[row]))
      const positive = weights.some((weight) => weight > 0)
      expect(safeBound(system, phases, { rows, weights }, multipliers)).toBeLessThanOrEqual(positive ? largest : 0)
      // a region with a point in it is never proved empty
      expect(safeBound(system, phases, noRows, multipliers)).toBeLessThanOrEqual(0)
    }
  })

  test('nonsense proves nothing', () => {
    const system = randomSystem(new Random(2), { inputs: 2, neurons: 3 })
    const bound = (weight: number, multiplier: number) =>
      safeBound(system, new Int8Array(3), { rows: system.cases[0], weights: [weight] }, [0, multiplier, 0])
    expect(bound(1, NaN)).toBe(-Infinity)
    expect(bound(1, Infinity)).toBe(-Infinity)
    expect(bound(NaN, 1)).toBe(-Infinity)
    expect(bound(1, 1e308)).toBeLessThan(-1e300)
    expect(bound(1e308, 1e308)).toBe(-Infinity)
  })
})

test('rounding never lifts a bound above the exact value of its formula, and costs little', () => {
  const random = new Random(3)
  for (let i = 0; i < 300; i++) {
    const drawn = randomSystem(random, { inputs: 1 + random.integer(20), neurons: random.integer(20) })
    const system = { ...drawn, ...quantised(drawn) }
    const multipliers = Float64Array.from({ length: system.neurons }, () => quantise(1000 * random.normal()))
    const phases = Int8Array.from({ length: system.neurons }, () => random.integer(3) - 1)
    const exact = exactDual(system, phases, multipliers)
    const bound = safeBound(system, phases, { rows: system.cases[0], weights: [1] }, multipliers)
    expect(bound).toBeLessThanOrEqual(exact)
    expect(exact - bound).toBeLessThan(1e-8)
  }
})

const widened = ({ neuronLower, neuronUpper }: Condensed, by: number) => ({
  neuronLower: neuronLower.map((l) => l - by),
  neuronUpper: neuronUpper.map((u) => u + by),
})

/** Multiples of 2⁻²⁶: the product of three is an integer in units of 2⁻⁷⁸, and most do not fit into float64. */
const quantise = (value: number) => Math.round(value * 2 ** 26) / 2 ** 26

function quantised(system: Condensed) {
  const { lower, upper, neuronLower, neuronUpper, weight, bias } = system
  return {
    lower: lower.map(quantise),
    upper: upper.map(quantise),
    neuronLower: neuronLower.map((l) => quantise(l) - 2 ** -26),
    neuronUpper: neuronUpper.map((u) => quantise(u) + 2 ** -26),
    weight: weight.map(quantise),
    bias: bias.map(quantise),
  }
}

/** The bound of the one case's one row, of integers in units of 2⁻⁷⁸, rounded once. */
function exactDual(system: Condensed, phases: Int8Array, multipliers: Float64Array): number {
  const { inputs, lower, upper, neurons, neuronLower, neuronUpper, start, source, weight, bias } = system
  const units = (value: number) => BigInt(value * 2 ** 26)
  const coefficients = Array.from({ length: inputs + neurons }, () => 0n)
  let value = 0n
  const add = (row: number, multiplier: bigint) => {
    for (let i = start[row]; i < start[row + 1]; i++) coefficients[source[i]] += multiplier * units(weight[i])
    value += (multiplier * units(bias[row])) << 26n
  }
  add(system.cases[0][0], 1n << 26n)
  multipliers.forEach((y, k) => add(k, units(y)))
  const least = (...values: bigint[]) => values.reduce((a, b) => (b < a ? b : a))
  for (let i = 0; i < inputs; i++) value += least(coefficients[i] * units(lower[i]), coefficients[i] * units(upper[i]))
  for (let k = 0; k < neurons; k++) {
    const y = units(multipliers[k]) << 26n
    const on = (coefficients[inputs + k] - y) * units(neuronUpper[k])
    const off = y * units(-neuronLower[k])
    value += least(0n, ...(phases[k] >= 0 ? [on] : []), ...(phases[k] <= 0 ? [off] : []))
  }
  return Number(value) / 2 ** 78
}

test('errors of rows cost as much whatever the sign of their multipliers', () => {
  const drawn = randomSystem(new Random(4), { inputs: 2, neurons: 3 })
  const bound = (error: number, multiplier: number) =>
    safeBound({ ...drawn, error: drawn.error.map(() => error) }, new Int8Array(3), noRows, [multiplier, 0, 0])
  for (const multiplier of [2, -2]) {
    expect(bound(1e-3, multiplier)).toBeLessThanOrEqual(bound(0, multiplier) - 2e-3)
  }
})

test('products that underflow', () => {
  const drawn = randomSystem(new Random(5), { inputs: 1, neurons: 0 })
  const tiny = Float64Array.of(2 ** -540)
  const entries = { start: Int32Array.of(0, 1), source: Int32Array.of(0), weight: Float64Array.of(-(2 ** -540)) }
  const system = { ...drawn, ...entries, lower: tiny, upper: tiny, bias: new Float64Array(1), cases: [[0]] }
  expect(
    safeBound({ ...system, error: new Float64Array(1) }, new Int8Array(0), { rows: [0], weights: [1] }, []),
  ).toBeLessThan(0)
})

test('sums over inputs alone, without a constant', () => {
  const random = new Random(6)
  for (let i = 0; i < 100; i++) {
    const inputs = 50
    const entries = {
      start: Int32Array.of(0, inputs),
      source: Int32Array.from({ length: inputs }, (_, j) => j),
      weight: Float64Array.from({ length: inputs }, () => quantise(random.normal())),
    }
    const lower = Float64Array.from({ length: inputs }, () => quantise(random.normal()))
    const box = { lower, upper: lower.map((l) => l + 1) }
    const zeros = { bias: new Float64Array(1), error: new Float64Array(1), cases: [[0]] }
    const system = { ...randomSystem(random, { inputs, neurons: 0 }), ...entries, ...box, ...zeros }
    const bound = safeBound(system, new Int8Array(0), { rows: [0], weights: [1] }, [])
    expect(bound).toBeLessThanOrEqual(exactDual(system, new Int8Array(0), new Float64Array(0)))
  }
})
