import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { evaluateGraph } from '../model/graph.ts'
import { withMargins } from './margins-graph.ts'
import { distanceToUnsafe } from './question.ts'
import { families, randomCase, samplePoints } from '../search/testing/random-question.testing.ts'

test('the outputs are the margins of the cases', () => {
  let longest = 0
  for (const family of families) {
    for (let seed = 0; seed < 30; seed++) {
      const random = new Random(seed, 'margins', family)
      const { graph, question } = randomCase(random, family, 'unbounded')
      const asked = withMargins(graph, question)
      longest = Math.max(longest, ...question.unsafe.map((constraints) => constraints.length))
      for (const point of samplePoints(question, random, 5)) {
        const outputs = evaluateGraph(graph, point).at(-1)!
        const margins = evaluateGraph(asked, point).at(-1)!
        expect(margins.length).toBe(question.unsafe.length)
        question.unsafe.forEach((constraints, c) =>
          expect(margins[c]).toBeCloseTo(distanceToUnsafe({ ...question, unsafe: [constraints] }, outputs), 9),
        )
      }
    }
  }
  expect(longest).toBeGreaterThan(2)
})
