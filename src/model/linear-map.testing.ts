/** Holds linear maps against full matrices. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import type { LinearMap } from './linear-map.ts'

/** Whole numbers, some zero: sums of them are exact, so that maps must agree to the last bit. */
export const drawn = (random: Random, length: number) => Float64Array.from({ length }, () => random.integer(7) - 3)

/** The map does what the matrix does, and adds to what is there. */
export function expectMatrix(map: LinearMap, matrix: readonly (readonly number[])[], random: Random): void {
  expect(map.outputs).toBe(matrix.length)
  const x = drawn(random, map.inputs)
  const y = drawn(random, map.outputs)
  const product = (f: (w: number) => number) =>
    Float64Array.from(y, (start, o) => matrix[o].reduce((sum, w, i) => sum + f(w) * x[i], start))
  const into = (run: (target: Float64Array) => void, target: Float64Array) => {
    run(target)
    return target
  }
  expect(into((target) => map.forward(x, target), y.slice())).toEqual(product((w) => w))
  expect(into((target) => map.absolute(x, target), y.slice())).toEqual(product(Math.abs))
  const transposed = Float64Array.from(x, (start, i) => matrix.reduce((sum, row, o) => sum + row[i] * y[o], start))
  expect(into((target) => map.transposed(y, target), x.slice())).toEqual(transposed)
  const nonZero = (values: readonly number[]) => values.filter((w) => w !== 0).length
  const most = Math.max(0, ...matrix.map(nonZero), ...Array.from(x, (_, i) => nonZero(matrix.map((row) => row[i]))))
  expect(map.terms).toBeGreaterThanOrEqual(most)
}

export const property = (name: string, run: (random: Random) => void) =>
  test(name, () => fc.assert(fc.property(fc.nat(), (seed) => run(new Random(seed, name)))))
