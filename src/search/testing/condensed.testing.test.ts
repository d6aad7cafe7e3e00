import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import type { Graph } from '../../model/graph.ts'
import { denseMap } from '../../model/linear-map.ts'
import type { Question } from '../../region/question.ts'
import type { Condensed } from '../system/condensed.ts'
import { bruteForce } from './brute-force.testing.ts'
import { checkCondensed, graphOfRows } from './condensed.testing.ts'
import { samplePoints } from './random-question.testing.ts'

// y = ReLU(x) − ReLU(ReLU(x) + x − 1) over [−1, 2]; unsafe: y ≤ −1/4, or y ≥ 5
const affine = (value: number, rows: number[][], bias: number[]) => ({
  ...{ kind: 'affine' as const, bias: Float64Array.from(bias) },
  terms: [{ value, map: denseMap(Float64Array.from(rows.flat()), rows.length, rows[0].length) }],
})
const graph: Graph = {
  name: 'by hand',
  inputShape: [1],
  nodes: [
    affine(0, [[1], [1]], [0, 2]),
    { kind: 'relu', value: 1 },
    affine(
      2,
      [
        [1, 0],
        [1, 1],
      ],
      [0, -3],
    ),
    { kind: 'relu', value: 3 },
    affine(4, [[1, -1]], [0]),
  ],
}
const question: Question = {
  ...{ lower: Float64Array.of(-1), upper: Float64Array.of(2) },
  unsafe: [[{ coefficients: Float64Array.of(1), bound: -0.25 }], [{ coefficients: Float64Array.of(-1), bound: -5 }]],
}
// z₀ = x, z₁ = x + h₀ − 1, then y + 1/4; y ≥ 5 is impossible and left out
const condensed: Condensed = {
  ...{ inputs: 1, lower: question.lower, upper: question.upper, neurons: 2, levels: [0, 1], cases: [[2]] },
  ...{ neuronLower: Float64Array.of(-1, -2), neuronUpper: Float64Array.of(2, 3) },
  start: Int32Array.of(0, 1, 3, 5),
  source: Int32Array.of(0, 0, 1, 1, 2),
  weight: Float64Array.of(1, 1, 1, 1, -1),
  bias: Float64Array.of(0, -1, 0.25),
  error: new Float64Array(3),
}
const points = samplePoints(question, new Random(1, 'condensed'), 40)

test('a system that is its network passes, and is a network of the same minimum', () => {
  expect(checkCondensed(graph, question, condensed, points)).toEqual([])
  const rows = graphOfRows(condensed, [2])
  const unsafe = [[{ coefficients: Float64Array.of(1), bound: 0 }]]
  expect(bruteForce(rows, { ...question, unsafe }).exact).toBeCloseTo(bruteForce(graph, question).exact, 12)
})

test.each<[string, Partial<Condensed>]>([
  ['of the system is none', { bias: Float64Array.of(0, -1, 0.2500001) }],
  ['case 0 occurs', { weight: Float64Array.of(1, 1, 1, 1, -1.0001) }],
  ['case 0 occurs', { cases: [] }],
  ['neuron 1', { neuronUpper: Float64Array.of(2, 2.9) }],
  ['neuron 0', { neuronLower: Float64Array.of(-0.9, -2) }],
  ['not unstable', { neuronLower: Float64Array.of(0, -2) }],
  ['not known yet', { source: Int32Array.of(0, 0, 2, 1, 2) }],
  ['not known yet', { levels: [0] }],
  ['twice', { source: Int32Array.of(0, 0, 0, 1, 2) }],
  ['not finite', { weight: Float64Array.of(1, 1, NaN, 1, -1) }],
  ['too small', { upper: Float64Array.of(1.9) }],
  ['output rows', { cases: [[1]] }],
])('one that is not is found out: %s', (what, change) => {
  expect(checkCondensed(graph, question, { ...condensed, ...change }, points).join('\n')).toContain(what)
})
