import { expect, test } from 'vitest'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { convolutionMap } from '../model/convolution-map.ts'
import { denseMap } from '../model/linear-map.ts'
import { Random } from '../base/random.ts'
import type { LinearConstraint, Question } from '../region/question.ts'
import { outputBounds } from './condense/output-bounds.ts'
import { excessBounds, hasErrors, presolve, widened } from './presolve.ts'
import { families, randomCase, samplePoints } from './testing/random-question.testing.ts'

const box = { lower: Float64Array.of(0), upper: Float64Array.of(1) }
const constraint = (bound: number, strict = false): LinearConstraint => ({
  ...{ coefficients: Float64Array.of(1), bound, strict },
})
/** Each constraint's lower and upper bound, for cases of these lengths. */
function settled(cases: readonly (readonly [number, number, boolean?])[][]) {
  const all = cases.flat()
  const question: Question = { ...box, unsafe: cases.map((ends) => ends.map(([l, , strict]) => constraint(l, strict))) }
  const bounds = { lower: Float64Array.from(all, ([l]) => l), upper: Float64Array.from(all, ([, u]) => u) }
  const { question: left, kept, margin } = presolve(question, bounds)
  return { left: left.unsafe.map((constraints) => constraints.map(({ bound }) => bound)), kept: [...kept], margin }
}

test('a case is closed where one constraint cannot be met, by the best of those', () => {
  expect(settled([[[-1, 1], [0.5, 2], [0.25, 3]], [[0.75, 1]]])).toEqual({ left: [], kept: [], margin: 0.5 }) // prettier-ignore
  expect(settled([[[-1, 1]], [[0.5, 1]]])).toEqual({ left: [[-1]], kept: [0], margin: 0.5 })
})

test('the border closes a strict constraint only', () => {
  expect(settled([[[0, 1, true]]])).toEqual({ left: [], kept: [], margin: 0 })
  expect(settled([[[0, 1, false]]])).toEqual({ left: [[0]], kept: [0], margin: Infinity })
  expect(settled([[[-1e-300, 1, true]]]).left).toEqual([[-1e-300]])
})

test('what always holds is dropped, but for one; a strict one may fail on its border', () => {
  expect(settled([[[-3, 1]], [[-2, 0], [-1, 1], [-4, -1]]])).toEqual({ left: [[-3], [-1]], kept: [0, 2], margin: Infinity }) // prettier-ignore
  expect(settled([[[-2, 0], [-4, -1]]])).toEqual({ left: [[-2]], kept: [0], margin: Infinity }) // prettier-ignore
  expect(settled([[[-2, 0, true], [-4, 1]]]).left).toEqual([[-2, -4]]) // prettier-ignore
})

test('bounds that are no numbers say nothing', () => {
  expect(settled([[[NaN, NaN]], [[NaN, NaN, true]]])).toMatchObject({ kept: [0, 1], margin: Infinity })
})

test('intervals hold for every point, and cases that they close or drop are so', () => {
  let [closed, dropped] = [0, 0]
  for (const family of families) {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed, 'presolve', family)
      const { graph, question } = randomCase(random, family, 'unbounded')
      const outputs = outputBounds(graph, question)!
      const { lower, upper } = excessBounds(question, outputs)
      const { kept } = presolve(question, { lower, upper })
      const constraints = question.unsafe.flat()
      closed += lower.filter((l) => l > 0).length
      dropped += constraints.length - kept.length
      for (const point of samplePoints(question, random, 20)) {
        const values = evaluateGraph(graph, point).at(-1)!
        values.forEach((y, i) => {
          expect(outputs.lower[i]).toBeLessThanOrEqual(y + 1e-12)
          expect(outputs.upper[i]).toBeGreaterThanOrEqual(y - 1e-12)
        })
        constraints.forEach(({ coefficients, bound }, i) => {
          const excess = coefficients.reduce((sum, c, j) => sum + c * values[j], -bound)
          expect(lower[i]).toBeLessThanOrEqual(excess + 1e-12)
          expect(upper[i]).toBeGreaterThanOrEqual(excess - 1e-12)
        })
      }
    }
  }
  expect(Math.min(closed, dropped)).toBeGreaterThan(20)
})

test('ends are exact where every step is, and a rounding outside where it is not', () => {
  const line = (weight: number, bias: number): Graph => ({
    ...{ name: 'line', inputShape: [1] },
    nodes: [
      { kind: 'affine', terms: [{ value: 0, map: denseMap([weight] as never, 1, 1) }], bias: Float64Array.of(bias) },
    ],
  })
  expect(outputBounds(line(-3, 0.5), box)).toEqual({ lower: Float64Array.of(-2.5), upper: Float64Array.of(0.5) })
  const { lower, upper } = outputBounds(line(0.1, 0.7), { lower: Float64Array.of(3), upper: Float64Array.of(3) })!
  expect([lower[0] < 1, upper[0] > 1, upper[0] - lower[0] < 1e-13]).toEqual([true, true, true])
  // a third is rounded before any sum: the mean of three ones may be 1
  const thirds = denseMap(new Float64Array(3).fill(1 / 3), 1, 3)
  const mean: Graph = { name: 'mean', inputShape: [3], nodes: [{ kind: 'affine', terms: [{ value: 0, map: thirds }], bias: new Float64Array(1) }] } // prettier-ignore
  const ones = new Float64Array(3).fill(1)
  const ofOnes = outputBounds(mean, { lower: ones, upper: ones })!
  expect([ofOnes.lower[0] < 1, ofOnes.upper[0] > 1]).toEqual([true, true])
  // a convolution has the same rows as its matrix
  const weights = Float64Array.of(1, -2)
  const map = convolutionMap(weights, {
    ...{ input: [1, 1, 3], outChannels: 1, kernel: [1, 2], stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] },
    groups: 1,
  })
  const graph: Graph = { name: 'c', inputShape: [1, 1, 3], nodes: [{ kind: 'affine', terms: [{ value: 0, map }], bias: new Float64Array(2) }] } // prettier-ignore
  const three = { lower: Float64Array.of(0, 1, 2), upper: Float64Array.of(1, 3, 4) }
  expect(outputBounds(graph, three)).toEqual({ lower: Float64Array.of(-6, -7), upper: Float64Array.of(-1, -1) })
})

test('errors of coefficients raise the bound by what they can make, and a little', () => {
  const errors = Float64Array.of(0.25, 0, 1)
  const coefficients = Float64Array.of(1, 1, 0)
  const question: Question = { ...box, unsafe: [[{ coefficients, bound: 1, errors }, constraint(5)]] }
  const outputs = { lower: Float64Array.of(-4, -1, 0), upper: Float64Array.of(2, Infinity, 0.5) }
  const [[raised, other]] = widened(question, outputs).unsafe as [[LinearConstraint, LinearConstraint]]
  expect(raised.errors).toBeUndefined()
  expect(raised.bound).toBeGreaterThan(2.5)
  expect(raised.bound).toBeLessThan(2.5 + 1e-8)
  expect(other.bound).toBe(5)
  expect([hasErrors(question), hasErrors(widened(question, outputs))]).toEqual([true, false])
  const none = { ...box, unsafe: [[{ coefficients, bound: 0.1, errors: new Float64Array(3) }]] }
  expect(widened(none, outputs).unsafe[0][0].bound).toBe(0.1)
})
