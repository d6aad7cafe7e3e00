import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { distanceToUnsafe } from '../../region/question.ts'
import { bruteForce } from './brute-force.testing.ts'
import {
  type Domain,
  type Family,
  corners,
  domains,
  families,
  randomCase,
  samplePoints,
} from './random-question.testing.ts'

const draw = (family: Family, domain: Domain, count: number) =>
  Array.from({ length: count }, (_, seed) => randomCase(new Random(seed, 'mix', family, domain), family, domain))

test.each(families)('%s: robust and vulnerable ones are mixed, ties are never robust', (family) => {
  for (const domain of domains) {
    const cases = draw(family, domain, 40)
    const robust = cases.filter(({ graph, question }) => bruteForce(graph, question).exact > 1e-9).length
    if (family === 'tie') expect(robust).toBe(0)
    else expect(Math.abs(robust - 20), `${robust} of 40 are robust in ${domain}`).toBeLessThanOrEqual(10)
  }
})

test('pixels stay in [0, 1], and some inputs are fixed', () => {
  const boxes = families.flatMap((family) => draw(family, 'pixels', 40)).map(({ question }) => question)
  expect(boxes.every(({ lower, upper }) => lower.every((l, i) => l >= 0 && l <= upper[i] && upper[i] <= 1))).toBe(true)
  expect(boxes.some(({ lower, upper }) => lower.some((l, i) => l === upper[i]))).toBe(true)
  const balls = families.flatMap((family) => draw(family, 'unbounded', 40)).map(({ question }) => question)
  expect(balls.some(({ lower, upper }) => lower.some((l) => l < 0) && upper.some((u) => u > 1))).toBe(true)
})

test('touching: neurons have interval bounds that begin or end at exactly 0', () => {
  const seen = { lower: 0, upper: 0, both: 0 }
  for (const { graph, question } of draw('touching', 'unbounded', 40)) {
    const [first] = graph.nodes
    if (first.kind !== 'affine') continue
    const values = corners(question).map((x) => evaluateGraph(graph, x)[1])
    first.bias.forEach((_, j) => {
      const least = Math.min(...values.map((v) => v[j]))
      const most = Math.max(...values.map((v) => v[j]))
      if (least === 0 && most === 0) seen.both++
      else if (least === 0) seen.lower++
      else if (most === 0) seen.upper++
    })
  }
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThanOrEqual(3)
})

test('samples are in the box, the same seed draws the same case', () => {
  for (const family of families) {
    const [{ graph, question }, again] = [0, 0].map(() => randomCase(new Random(3, family), family, 'pixels'))
    const points = samplePoints(question, new Random(3, 'points'), 9)
    const outputs = (g: typeof graph) => points.map((x) => distanceToUnsafe(question, evaluateGraph(g, x).at(-1)!))
    expect(outputs(again.graph)).toEqual(outputs(graph))
    expect(points.every((x) => x.every((v, i) => v >= question.lower[i] && v <= question.upper[i]))).toBe(true)
  }
})
