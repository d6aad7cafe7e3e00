import { expect, test } from 'vitest'
import { Deadline } from '../base/deadline.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { evaluateGraph } from '../model/graph.ts'
import { type Question, distanceToUnsafe } from '../region/question.ts'
import { rowOf } from './system/condensed.ts'
import { type Bounded, type Narrowed, casesOf, narrowByAlpha, narrowByCrown, narrowByIntervals } from './narrow.ts'
import { bruteForce } from './testing/brute-force.testing.ts'
import { families, randomCase, samplePoints } from './testing/random-question.testing.ts'

const later = () => Deadline.in(60_000)
/** Of the enumeration. */
const tolerance = 1e-7

test('what every step closes is so, what it leaves is the same question, and steps only add', async () => {
  const engine = await Engine.create()
  const closedBy = { interval: 0, crown: 0, alpha: 0 }
  let dropped = 0
  for (const family of families) {
    for (let seed = 0; seed < 25; seed++) {
      const random = new Random(seed, 'narrow', family)
      const { graph, question } = randomCase(random, family, 'pixels')
      const { exact } = bruteForce(graph, question)
      const name = `${family} ${seed}`
      const points = samplePoints(question, random, 20).map((point) => evaluateGraph(graph, point).at(-1)!)
      let before: Narrowed = {
        question,
        cases: [...question.unsafe.keys()],
        closed: Infinity,
        bound: -Infinity,
        method: 'clean',
      }
      const check = (after: Narrowed) => {
        expect(after.closed, name).toBeGreaterThan(0)
        expect(after.closed, name).toBeLessThanOrEqual(before.closed)
        expect(after.bound, name).toBeGreaterThanOrEqual(before.bound)
        expect(after.bound, name).toBeLessThanOrEqual(exact + tolerance)
        expect(after.cases.length, name).toBe(after.question.unsafe.length)
        for (const [i, number] of after.cases.entries()) {
          for (const constraint of after.question.unsafe[i]) expect(question.unsafe[number]).toContain(constraint)
        }
        for (const outputs of points) {
          const [distance, left] = [distanceToUnsafe(question, outputs), distanceToUnsafe(after.question, outputs)]
          // the sign is the same, and a closed case no nearer than was proved
          if (Math.abs(distance) > 1e-9) expect(Math.sign(Math.min(left, after.closed)), name).toBe(Math.sign(distance))
        }
        if (after.question.unsafe.length < before.question.unsafe.length) closedBy[after.method as 'crown']++
        dropped += Number(after.question.unsafe.flat().length < before.question.unsafe.flat().length)
        before = after
      }
      check(narrowByIntervals(engine, graph, question, later()))
      if (before.question.unsafe.length === 0) continue
      const crown = narrowByCrown(engine, graph, before, later())
      check(crown)
      checkSystem(crown, graph, random)
      if (before.question.unsafe.length === 0) continue
      const alpha = narrowByAlpha(engine, crown, later())
      check(alpha)
      checkSystem(alpha, graph, random)
      if (before.question.unsafe.length === 0) expect(exact, name).toBeGreaterThan(-tolerance)
    }
  }
  expect(Math.min(...Object.values(closedBy)), JSON.stringify(closedBy)).toBeGreaterThan(3)
  expect(dropped).toBeGreaterThan(20)
})

/** The system's rows are the constraints that are left, in their order. */
function checkSystem(bounded: Bounded, graph: Parameters<typeof evaluateGraph>[0], random: Random): void {
  const system = casesOf(bounded)
  const { question } = bounded
  expect(system.cases.map((rows) => rows.length)).toEqual(question.unsafe.map((constraints) => constraints.length))
  for (const point of samplePoints(question, random, 3)) {
    const outputs = evaluateGraph(graph, point).at(-1)!
    const values: number[] = [...point]
    const valueOf = (r: number) => {
      const { bias, source, weight } = rowOf(system, r)
      return source.reduce((sum, s, e) => sum + weight[e] * values[s], bias)
    }
    for (let k = 0; k < system.neurons; k++) values.push(Math.max(0, valueOf(k)))
    system.cases.forEach((rows, c) => {
      const one: Question = { ...question, unsafe: [question.unsafe[c]] }
      expect(Math.max(...rows.map(valueOf))).toBeCloseTo(distanceToUnsafe(one, outputs), 8)
    })
  }
}
