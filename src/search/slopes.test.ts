import { beforeAll, expect, test } from 'vitest'
import { Deadline } from '../base/deadline.ts'
import { Random } from '../base/random.ts'
import { Engine } from '../device/wasm/engine.ts'
import type { Root } from './condense/condense.ts'
import { optimiseSlopes } from './slopes.ts'
import { joinRows, rowOf } from './system/condensed.ts'
import { atMost, exact, linear, minus, plus, positive, size, times } from './testing/exact.testing.ts'
import { row } from './testing/rows.testing.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const inMinutes = () => Deadline.in(60_000)

/** Two neurons, the second of which is really on; what reads both is the case. */
function settledRoot(weights: readonly [number, number, number], errors: readonly number[]): Root {
  const [a, b, c] = weights
  const box = { lower: Float64Array.of(-1), upper: Float64Array.of(1) }
  const rows = [row(0, { 0: a }, errors[0]), row(0, { 0: 0.1, 1: b }, errors[1])]
  const parts = { ...box, rows, neuronLower: [-2, -1], neuronUpper: [2, 9] }
  const last = row(0, { 1: c * b, 2: -c }, errors[2])
  return { condensed: joinRows(parts, [0, 1], [last]), margins: Float64Array.of(-Infinity), open: [0] }
}

test('multiplying a neuron out charges its error, and the rounding', () => {
  const without = settledRoot([1, 3, 1], [0, 0, 0])
  // for the second neuron to be on, whatever the first one is
  const on = (root: Root): Root => ({
    ...root,
    condensed: { ...root.condensed, bias: Float64Array.of(0, 0.5, -10) },
  })
  expect(optimiseSlopes(engine, on(without), inMinutes()).condensed.neurons).toBe(1)
  const errors = [1e-4, 1e-3, 1e-2]
  const { condensed } = optimiseSlopes(engine, on(settledRoot([1, 3, 2], errors)), inMinutes())
  expect(rowOf(condensed, 1).error).toBeGreaterThanOrEqual(1e-2 + 2e-3)
  expect(rowOf(condensed, 0).error).toBe(1e-4)
})

test('multiplied out, sums without constants are charged, too', () => {
  let off = 0
  for (let seed = 0; seed < 40; seed++) {
    const random = new Random(seed, 'multiply out')
    const weights = [random.between(1, 2), random.between(1, 2), random.between(1, 2)] as const
    const root = settledRoot(weights, [0, 0, 0])
    // on, though its constant is 0: the box is moved to the right
    const shifted = { ...root.condensed, lower: Float64Array.of(0.5), neuronLower: Float64Array.of(-1e-9, -1) }
    const { condensed } = optimiseSlopes(engine, { ...root, condensed: shifted }, inMinutes())
    expect([condensed.neurons, condensed.cases.length]).toEqual([1, 1])
    const x = exact(0.75)
    const h = positive(times(exact(weights[0]), x))
    const second = plus(times(exact(0.1), x), times(exact(weights[1]), h))
    const { bias, source, weight, error } = rowOf(condensed, 1)
    const given = linear(
      bias,
      weight,
      [...source].map((s) => (s === 0 ? x : h)),
    )
    const wanted = plus(times(exact(weights[2] * weights[1]), h), times(exact(-weights[2]), second))
    const difference = size(minus(given, wanted))
    expect(atMost(difference, exact(error))).toBe(true)
    if (difference.units !== 0n) off++
  }
  expect(off).toBeGreaterThan(10)
})
