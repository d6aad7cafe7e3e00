import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Graph } from '../model/graph.ts'
import { denseMap } from '../model/linear-map.ts'
import { confirmCounterexample, formatCounterexample, runCounterexample } from './counterexample.ts'
import type { Question } from './question.ts'

/** y = weight·x */
const graph = (weight: number): Graph => ({
  name: 'line',
  inputShape: [1],
  nodes: [
    {
      kind: 'affine',
      terms: [{ value: 0, map: denseMap(Float64Array.of(weight), 1, 1) }],
      bias: new Float64Array(1),
    },
  ],
})
/** Unsafe where y ≥ least. */
const question = (lower: number, upper: number, least: number): Question => ({
  lower: Float64Array.of(lower),
  upper: Float64Array.of(upper),
  unsafe: [[{ coefficients: Float64Array.of(-1), bound: -least }]],
})

test('a point counts only in the box and if it is unsafe; borders count', () => {
  const asked = question(0, 1, 2)
  expect(runCounterexample(graph(2), asked, [1])).toEqual({
    ...{ point: Float64Array.of(1), outputs: Float64Array.of(2), distance: 0 },
  })
  expect(runCounterexample(graph(2), asked, [0.99])).toBeUndefined()
  expect(runCounterexample(graph(2), asked, [1.01])).toBeUndefined()
  expect(runCounterexample(graph(-2), asked, [-1])).toBeUndefined()
  expect(runCounterexample(graph(2), asked, [NaN])).toBeUndefined()
  expect(runCounterexample(graph(NaN), asked, [1])).toBeUndefined()
  expect(runCounterexample(graph(2), asked, [1, 1])).toBeUndefined()
  expect(() => confirmCounterexample(graph(2), asked, [0.5])).toThrow(/did not pass its re-run/)
})

test('a point a rounding outside the box is moved into it', () => {
  const { point, distance } = confirmCounterexample(graph(2), question(0, 1, 2), [1 + 2 ** -50])
  expect([point[0], distance]).toEqual([1, 0])
  expect(() => confirmCounterexample(graph(2), question(0, 1, 2.1), [1.2])).toThrow(/did not pass/)
})

test('float32 numbers in the box are preferred, if they are unsafe too', () => {
  const third = confirmCounterexample(graph(1), question(0, 1, 0.3), [1 / 3])
  expect([...third.point]).toEqual([Math.fround(1 / 3)])
  // the nearest of float32 is outside, the one before is not
  const end = confirmCounterexample(graph(1), question(0, 0.1, 0.05), [0.1])
  expect(Math.fround(0.1)).toBeGreaterThan(0.1)
  expect(end.point[0]).toBe(Math.fround(0.1) - 2 ** -27)
  // only this very number is unsafe, or in the box
  expect([...confirmCounterexample(graph(1), question(0, 0.1, 0.1), [0.1]).point]).toEqual([0.1])
  expect([...confirmCounterexample(graph(1), question(0.1, 0.1, 0.05), [0.1]).point]).toEqual([0.1])
})

test('every counterexample that is confirmed is in the box and unsafe', () => {
  const number = fc.double({ min: -1e3, max: 1e3, noNaN: true })
  fc.assert(
    fc.property(number, fc.double({ min: 0, max: 1e-6, noNaN: true }), number, (lower, width, weight) => {
      const upper = lower + width
      const asked = question(lower, upper, weight * lower)
      const { point, outputs, distance } = confirmCounterexample(graph(weight), asked, [lower])
      expect(lower <= point[0] && point[0] <= upper).toBe(true)
      expect(outputs[0] === weight * point[0]).toBe(true)
      expect(distance).toBeLessThanOrEqual(0)
    }),
    { seed: 1 },
  )
})

test('the format of the competition', () => {
  const found = { point: Float64Array.of(0.1, -0, 1e-7), outputs: Float64Array.of(2, -3.5), distance: -1 }
  expect(formatCounterexample(found)).toBe('((X_0 0.1)\n (X_1 0)\n (X_2 1e-7)\n (Y_0 2)\n (Y_1 -3.5))')
})

test('a point outside the ball is none, and is moved into it', () => {
  const ball = { norm: 'l2' as const, centre: Float64Array.of(0), radius: 0.5 }
  const asked = { ...question(-1, 1, 0.8), ball }
  expect(runCounterexample(graph(2), asked, [0.6])).toBeUndefined()
  expect(runCounterexample(graph(2), asked, [0.5 + 2 ** -52])).toBeUndefined()
  expect(runCounterexample(graph(2), asked, [0.45])?.distance).toBeLessThan(0)
  expect(confirmCounterexample(graph(2), asked, [0.6]).point[0]).toBeCloseTo(0.5, 6)
  expect(confirmCounterexample(graph(2), asked, [0.6]).point[0]).toBeLessThanOrEqual(0.5)
})

test('on the border of a strict constraint outputs are safe', () => {
  const constraint = { coefficients: Float64Array.of(-1), bound: -2, strict: true }
  const asked = { ...question(0, 1, 2), unsafe: [[constraint]] }
  expect(runCounterexample(graph(2), asked, [1])).toBeUndefined()
  expect(runCounterexample(graph(2.5), asked, [1])?.distance).toBe(-0.5)
})

test('where float64 cannot hold the question, the one that was asked decides', () => {
  const ends = { lower: Float64Array.of(0.25), upper: Float64Array.of(0.75) }
  const asked = { ...question(0, 1, 0), asked: { ...ends, holds: (x: Float64Array) => x[0] > 0.5 } }
  expect(runCounterexample(graph(1), asked, [0.2])).toBeUndefined()
  expect(runCounterexample(graph(1), asked, [0.5])).toBeUndefined()
  expect(runCounterexample(graph(1), asked, [0.6])?.point[0]).toBe(0.6)
  expect(confirmCounterexample(graph(1), asked, [0.9]).point[0]).toBe(0.75)
})
