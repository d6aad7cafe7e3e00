/** Sweeps in float64 against exact arithmetic: whatever is rounded on the way, no bound is above the exact value. */
import { beforeAll, expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { FREE } from '../../model/phase.ts'
import type { Neurons, Row } from '../system/condensed.ts'
import { type Exact, atMost, exact, minus, plus, times, zero } from '../testing/exact.testing.ts'
import { row } from '../testing/rows.testing.ts'
import { Batch } from './batch.ts'
import { System } from './system.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

/** The least value of a function that is linear in the inputs, since every neuron on the way is on. */
function exactMinimum({ lower, upper, rows }: Neurons, last: Row): Exact {
  const coefficients = new Map<number, Exact>()
  const spread = ({ source, weight }: Row, factor: Exact) =>
    source.forEach((s, e) => coefficients.set(s, plus(coefficients.get(s) ?? zero, times(factor, exact(weight[e])))))
  spread(last, exact(1))
  let sum = exact(last.bias)
  for (let k = rows.length - 1; k >= 0; k--) {
    const factor = coefficients.get(lower.length + k) ?? zero
    sum = plus(sum, times(factor, exact(rows[k].bias)))
    spread(rows[k], factor)
  }
  lower.forEach((low, i) => {
    const c = coefficients.get(i) ?? zero
    sum = plus(sum, times(c, exact(c.units > 0n ? low : upper[i])))
  })
  return sum
}

/** What the sweep bounds it by. */
function swept(neurons: Neurons, last: Row): number {
  const mark = engine.mark()
  const system = new System(engine, neurons)
  const batch = new Batch(system, 8)
  batch.setFunction(0, last, 1)
  const { neuronLower, neuronUpper } = neurons
  for (let k = 0; k < system.neurons; k++) {
    batch.setNeuron(k, { phase: FREE, variable: 0, scale: 0, lower: neuronLower[k], upper: neuronUpper[k] })
  }
  const bound = batch.bounds()[0]
  engine.release(mark)
  return bound
}

function expectSound(neurons: Neurons, last: Row): void {
  const bound = swept(neurons, last)
  const least = exactMinimum(neurons, last)
  expect(atMost(exact(bound), least)).toBe(true)
  expect(atMost(minus(least, exact(1e-9)), exact(bound))).toBe(true)
}

const drawn = (random: Random, count: number, from: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [from + i, random.normal()]))

test('sums over a box around 0, without any constant', () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = new Random(seed, 'box')
    const upper = Float64Array.from({ length: 1000 }, () => random.uniform())
    const box = { lower: upper.map((u) => -u), upper, rows: [], neuronLower: [], neuronUpper: [] }
    expectSound(box, row(0, drawn(random, 1000, 0)))
  }
})

test('chains of neurons that are on', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed, 'chain')
    const lower = Float64Array.from({ length: 4 }, () => random.normal())
    const upper = lower.map((l) => l + random.uniform())
    const rows = [row(20, drawn(random, 4, 0)), row(20, drawn(random, 4, 0)), row(90, { 4: 1 / 3, 5: random.normal() })]
    const on = { neuronLower: rows.map(() => 0.1), neuronUpper: rows.map(() => 300) }
    expectSound({ lower, upper, rows, ...on }, row(-30, { ...drawn(random, 7, 0) }))
  }
})

test('neurons whose parts cancel in all but the last digits', () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed, 'cancel')
    const [a, b, c] = [random.between(1, 2), random.between(1, 2), random.between(1, 2)] as const
    const rows = [row(0, { 0: 1 }), row(0, { 1: a }), row(0, { 1: b })]
    const on = { neuronLower: [1, 1, 1], neuronUpper: [2, 4, 4] }
    const box = { lower: Float64Array.of(1), upper: Float64Array.of(2) }
    expectSound({ ...box, rows, ...on }, row(0, { 2: c, 3: (-c * a) / b }))
  }
})

test('products that underflow', () => {
  const tiny = 2 ** -540
  const box = { lower: Float64Array.of(tiny), upper: Float64Array.of(tiny) }
  expectSound({ ...box, rows: [], neuronLower: [], neuronUpper: [] }, row(0, { 0: -tiny }))
})

test('what rows are off by costs as much as reaches them', () => {
  const system = (error: number): Neurons => ({
    ...{ lower: Float64Array.of(1), upper: Float64Array.of(2), rows: [row(0, { 0: 1 }, error)] },
    ...{ neuronLower: [1 - error], neuronUpper: [2 + error] },
  })
  for (const weight of [2, -2]) {
    const without = swept(system(0), row(0, { 1: weight }))
    expect(swept(system(1e-3), row(0, { 1: weight }))).toBeLessThanOrEqual(without - 2e-3)
    expect(swept(system(0), row(0, { 1: weight }, 1e-3))).toBeLessThanOrEqual(without - 1e-3)
  }
})
