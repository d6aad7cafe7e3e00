import { expect, test } from 'vitest'
import type { Graph } from '../model/graph.ts'
import { denseMap } from '../model/linear-map.ts'
import { distanceIn, type Region } from '../region/region.ts'
import { affordable, pointsOf } from './sample.ts'

const box = (inputs: number): Region => ({
  lower: Float64Array.from({ length: inputs }, (_, i) => -i),
  upper: Float64Array.from({ length: inputs }, (_, i) => 2 * i + 1),
})
const isIn = ({ lower, upper }: Region, point: Float64Array) => point.every((x, i) => lower[i] <= x && x <= upper[i])

test('the middle, all corners if they are few, then random points, all of them in the region', () => {
  const region = box(3)
  const points = [...pointsOf(region, 40, 1)]
  expect(points).toHaveLength(40)
  expect(points[0]).toEqual(Float64Array.of(0.5, 1, 1.5))
  expect(new Set(points.slice(1, 9).map(String)).size).toBe(8)
  expect(points.slice(1, 9).every((point) => point.every((x, i) => x === region.lower[i] || x === region.upper[i]))).toBe(true) // prettier-ignore
  expect(points.every((point) => isIn(region, point))).toBe(true)
  expect(new Set(points.map(String)).size).toBe(40)
  expect([...pointsOf(region, 40, 1)]).toEqual(points)
  expect([...pointsOf(region, 40, 2)].slice(9)).not.toEqual(points.slice(9))
})

test('of many corners as many as half of the points; of many inputs just the middle', () => {
  const region = box(12)
  const points = [...pointsOf(region, 21, 1)]
  const isCorner = (point: Float64Array) => point.every((x, i) => x === region.lower[i] || x === region.upper[i])
  expect(points.map(isCorner)).toEqual(points.map((_, i) => i >= 1 && i <= 10))
  expect([...pointsOf(region, 1, 1)]).toHaveLength(1)
  expect([...pointsOf(box(17), 40, 1)]).toHaveLength(1)
})

test('points of a ball are in it', () => {
  const ball = { norm: 'l2', centre: Float64Array.of(0.25, 0.5), radius: 0.125 } as const
  const region = { lower: Float64Array.of(0, 0), upper: Float64Array.of(1, 1), ball }
  for (const point of pointsOf(region, 30, 1)) expect(distanceIn(ball, point)).toBeLessThanOrEqual(0.125 + 1e-12)
})

test('as many points as multiplications allow, at least one', () => {
  const map = denseMap(new Float64Array(200), 10, 20)
  const graph: Graph = {
    ...{ name: 'one', inputShape: [20] },
    nodes: [{ kind: 'affine', terms: [{ value: 0, map }], bias: new Float64Array(10) }],
  }
  expect([affordable(graph, 2010, 100), affordable(graph, 1e9, 100), affordable(graph, 1, 100)]).toEqual([10, 100, 1])
})
