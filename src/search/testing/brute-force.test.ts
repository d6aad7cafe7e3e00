import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { type Graph, evaluateGraph } from '../../model/graph.ts'
import { denseMap } from '../../model/linear-map.ts'
import { type LinearConstraint, type Question, distanceToUnsafe } from '../../region/question.ts'
import { bruteForce } from './brute-force.testing.ts'
import { domains, families, randomCase, samplePoints, shifted } from './random-question.testing.ts'

/** weights₂ · ReLU(weights₁ x + bias₁) */
function network(inputs: number, first: number[][], bias: number[], second: number[][]): Graph {
  const affine = (value: number, rows: number[][], bias: number[]) => ({
    kind: 'affine' as const,
    terms: [{ value, map: denseMap(Float64Array.from(rows.flat()), rows.length, rows[0].length) }],
    bias: Float64Array.from(bias),
  })
  const nodes = [
    affine(0, first, bias),
    { kind: 'relu' as const, value: 1 },
    affine(
      2,
      second,
      second.map(() => 0),
    ),
  ]
  return { name: 'by hand', inputShape: [inputs], nodes }
}

const over = (lower: number[], upper: number[], ...unsafe: LinearConstraint[][]): Question => ({
  ...{ lower: Float64Array.from(lower), upper: Float64Array.from(upper), unsafe },
})

const atMost = (coefficients: number[], bound: number): LinearConstraint => ({
  ...{ coefficients: Float64Array.from(coefficients), bound },
})

test('minima that can be found by hand', () => {
  // y = |x₀| + |x₁ − 1/2|
  const absolute = network(
    2,
    [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ],
    [0, 0, -0.5, 0.5],
    [[1, 1, 1, 1]],
  )
  const result = bruteForce(absolute, over([-1, 0], [2, 0.25], [atMost([1], 0)]))
  expect(result.exact).toBeCloseTo(0.25, 12)
  expect([...result.point].map((x) => Math.round(1e9 * x) / 1e9)).toEqual([0, 0.25])
  expect(result.regions).toBe(2)
  // y = |x|: near 0 or near 1 is unsafe, if also x ≤ −1/4, or x ≥ 1/8
  const both = network(
    1,
    [[1], [-1]],
    [0, 0],
    [
      [1, 1],
      [1, -1],
    ],
  )
  const near = (distance: number, side: LinearConstraint) => [atMost([1, 0], distance), side]
  const left = bruteForce(both, over([-2], [2], near(0, atMost([0, 1], -0.25))))
  expect(left.exact).toBeCloseTo(0.125, 12)
  expect(left.point[0]).toBeCloseTo(-0.125, 12)
  const right = bruteForce(both, over([-2], [2], near(0, atMost([0, 1], -0.25)), near(0, atMost([0, -1], -0.125))))
  expect(right.exact).toBeCloseTo(0.0625, 12)
})

test('as many regions as lines in general position cut the plane into', () => {
  const random = new Random(2, 'regions')
  for (let lines = 1; lines <= 8; lines++) {
    const rows = Array.from({ length: lines }, () => [random.normal(), random.normal()])
    const bias = rows.map(() => 0.1 * random.normal())
    const graph = network(2, rows, bias, [rows.map(() => 1)])
    const { regions } = bruteForce(graph, over([-1e4, -1e4], [1e4, 1e4], [atMost([1], 0)]))
    expect(regions).toBe(1 + lines + (lines * (lines - 1)) / 2)
  }
})

test('constants, fixed inputs and neurons of no sign make no regions', () => {
  const graph = network(
    2,
    [
      [0, 0],
      [0, 1],
      [0, 0],
    ],
    [0, 0, -1],
    [[1, 1, 1]],
  )
  const { exact, regions } = bruteForce(graph, over([0, 3], [1, 3], [atMost([1], 2)]))
  expect({ exact, regions }).toEqual({ exact: 1, regions: 1 })
})

test('the minimum is attained, in the box, and no sample or descent goes below it', () => {
  for (const family of families) {
    for (const domain of domains) {
      for (let seed = 0; seed < 12; seed++) {
        const random = new Random(seed, 'oracle', family, domain)
        const { graph, question } = randomCase(random, family, domain)
        const distance = (x: Float64Array) => distanceToUnsafe(question, evaluateGraph(graph, x).at(-1)!)
        const { exact, point } = bruteForce(graph, question)
        const name = `${family}, ${domain}, seed ${seed}`
        expect(distance(point), name).toBe(exact)
        expect(point.every((x, i) => x >= question.lower[i] && x <= question.upper[i])).toBe(true)
        const points = samplePoints(question, random, 100)
        const least = Math.min(...points.map(distance), descend(distance, question, points, random))
        expect(least, name).toBeGreaterThanOrEqual(exact - 1e-9)
        expect(bruteForce(graph, shifted(question, 0.5)).exact, name).toBeCloseTo(exact + 0.5, 9)
      }
    }
  }
})

/** Random steps, shorter and shorter, from the best of some points. */
function descend(
  distance: (x: Float64Array) => number,
  { lower, upper }: Question,
  points: readonly Float64Array[],
  random: Random,
): number {
  let best = points.reduce((a, b) => (distance(b) < distance(a) ? b : a))
  for (let step = 0; step < 300; step++) {
    const size = 0.97 ** step
    const next = best.map((x, i) => {
      const moved = x + size * (upper[i] - lower[i]) * random.normal()
      return Math.min(upper[i], Math.max(lower[i], moved))
    })
    if (distance(next) < distance(best)) best = next
  }
  return distance(best)
}
