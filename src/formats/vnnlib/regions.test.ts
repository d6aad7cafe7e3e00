/** Cases become regions: a box of inputs, and what is unsafe in it. */
import { expect, test } from 'vitest'
import { boxed, declared, parse, regions, unsafe } from './property.testing.ts'

test('cases with the same box are one region, those with others are others', () => {
  const region = (low: string, high: string, y: string) => `(and (>= X_0 ${low}) (<= X_0 ${high}) (<= Y_0 ${y}))`
  const text = `${boxed}(assert (or ${region('0.5', '0.75', '1')} ${region('-9', '0.25', '2')} ${region('0.5', '7.5e-1', '3')}))`
  expect(regions(text)).toEqual([
    { lower: [0.5, -1], upper: [0.75, 2], unsafe: [[[1, 0, 1]], [[1, 0, 3]]] },
    { lower: [0, -1], upper: [0.25, 2], unsafe: [[[1, 0, 2]]] },
  ])
})

test('two ors of boxes: only what overlaps is left', () => {
  const text = `${boxed}
    (assert (or (and (>= X_0 0) (<= X_0 0.25)) (and (>= X_0 0.5) (<= X_0 1))))
    (assert (or (and (<= X_0 0.25) (<= Y_0 1)) (and (>= X_0 0.75) (<= Y_0 2))))`
  expect(regions(text)).toEqual([
    { lower: [0, -1], upper: [0.25, 2], unsafe: [[[1, 0, 1]]] },
    { lower: [0.75, -1], upper: [1, 2], unsafe: [[[1, 0, 2]]] },
  ])
})

test('an empty box can never hold; a box of one point can', () => {
  expect(regions(`${boxed}(assert (>= X_0 1.5)) (assert (<= Y_0 1))`)).toEqual([])
  expect(regions(`${boxed}(assert (or (and (<= X_1 -2)) (and (<= X_0 0.5) (>= X_0 0.75))))`)).toEqual([])
  expect(regions(`${boxed}(assert (= X_0 1)) (assert (= X_1 2))`)).toEqual([
    { lower: [1, 2], upper: [1, 2], unsafe: [[]] },
  ])
})

test('comparisons of numbers are decided', () => {
  expect(unsafe('(assert (or (and (<= 1 2) (<= Y_0 1)) (and (<= 2 1) (<= Y_0 2))))')).toEqual([[[1, 0, 1]]])
  expect(unsafe('(assert (<= Y_0 (+ Y_0 1)))')).toEqual([[]])
  expect(regions(`${boxed}(assert (<= (- Y_0 Y_0) -1))`)).toEqual([])
})

test('ends of boxes: outwards for proofs, inwards for counterexamples', () => {
  const ends = (low: string, high: string, operator: string) => {
    const [{ lower, upper, asked }] = parse(`${declared}(assert (${operator} ${low} X_0 ${high}))(assert (= X_1 0.1))`)
      .regions as [ReturnType<typeof parse>['regions'][number]]
    expect([lower[1], upper[1], asked.lower[1], asked.upper[1]]).toEqual([0.09999999999999999, 0.1, 0.1, 0.1])
    const isPossible = asked.holds(Float64Array.of(asked.lower[0], 0.1), Float64Array.of(0, 0))
    return [lower[0], asked.lower[0], asked.upper[0], upper[0], isPossible]
  }
  expect(ends('0.1', '0.3', '<=')).toEqual([0.09999999999999999, 0.1, 0.3, 0.30000000000000004, true])
  // 0.1 of float64 is above 0.1, but written like it
  expect(ends('0.1', '0.3', '<')).toEqual([0.09999999999999999, 0.10000000000000002, 0.29999999999999993, 0.30000000000000004, true]) // prettier-ignore
  expect(ends('0', '1', '<')).toEqual([0, Number.MIN_VALUE, 1 - 2 ** -53, 1, true])
  // 2⁻⁶⁰, which is written with a little less
  const power = '8.67361737988403547205962240695953369140625e-19'
  expect(ends('0', power, '<')[2]).toBeLessThan(2 ** -60)
  expect(ends('0', power, '<=')[2]).toBe(2 ** -60)
  // written 0.3, the float64 below this end is above it
  expect(ends('0', '0.29999999999999999', '<=').slice(2, 4)).toEqual([0.29999999999999993, 0.30000000000000004])
  // no float64 between the ends: the nearest stands for closed ones
  expect(ends('0.10000000000000001', '0.10000000000000001', '<=').slice(1, 3)).toEqual([0.1, 0.1])
  expect(ends('0.1', '0.1000000000000000001', '<=').at(-1)).toBe(true)
  expect(ends('0.1', '0.1000000000000000001', '<').at(-1)).toBe(false)
  // a strict bound that another hides does not count
  const hidden = parse(`${declared}(assert (< 0 X_0 1))(assert (= X_0 0.1))(assert (= X_1 0))`).regions[0].asked
  expect(hidden.holds(hidden.lower, Float64Array.of(0, 0))).toBe(true)
})
