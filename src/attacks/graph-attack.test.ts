import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { evaluateGraph } from '../model/graph.ts'
import { bruteForce } from '../search/testing/brute-force.testing.ts'
import { falsify } from './graph-attack.ts'
import { withMargins } from '../region/margins-graph.ts'
import { distanceToUnsafe } from '../region/question.ts'
import { families, randomCase } from '../search/testing/random-question.testing.ts'

const options = { restarts: 10, steps: 30, seed: 1 }

test('what it finds is an unsafe point of the box; it finds most where there are any, and none elsewhere', () => {
  let [vulnerable, found] = [0, 0]
  for (const family of families.filter((name) => name !== 'tie')) {
    for (let seed = 0; seed < 30; seed++) {
      const { graph, question } = randomCase(new Random(seed, 'falsify', family), family, 'pixels')
      const { lower, upper } = question
      const { exact } = bruteForce(graph, question)
      const point = falsify(withMargins(graph, question), question, options)
      if (exact < -1e-3) vulnerable++
      if (exact < -1e-3 && point) found++
      if (exact > 1e-9) expect(point).toBeUndefined()
      if (!point) continue
      expect(point.every((x, i) => x >= lower[i] && x <= upper[i])).toBe(true)
      expect(distanceToUnsafe(question, evaluateGraph(graph, point).at(-1)!)).toBeLessThan(1e-9)
    }
  }
  expect(vulnerable).toBeGreaterThan(30)
  expect(found).toBeGreaterThan(0.9 * vulnerable)
})

test('it stops when it is told to', () => {
  const { graph, question } = randomCase(new Random(3, 'falsify', 'linear'), 'linear', 'pixels')
  const margins = withMargins(graph, question)
  let asked = 0
  falsify(margins, question, { ...options, stop: () => ++asked > 3 })
  expect(asked).toBeLessThanOrEqual(4)
  expect(falsify(margins, question, { ...options, stop: () => true })).toBeUndefined()
})

test('a point that will not do is no end: the descent goes on from it', () => {
  const { graph, question } = randomCase(new Random(3, 'falsify', 'linear'), 'linear', 'pixels')
  const margins = withMargins(graph, question)
  const far = { ...question, unsafe: question.unsafe.map((all) => all.map((one) => ({ ...one, bound: 1e9 }))) }
  const refused: Float64Array[] = []
  const accept = (point: Float64Array) => refused.push(point) === 5
  expect(falsify(withMargins(graph, far), far, { ...options, accept })).toBe(refused[4])
  expect(falsify(withMargins(graph, far), far, { ...options, accept: () => false })).toBeUndefined()
  expect(falsify(margins, question, { ...options, restarts: 1, steps: 0, accept: () => false })).toBeUndefined()
})
