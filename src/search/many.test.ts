import { expect, test } from 'vitest'
import { Deadline } from '../base/deadline.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import type { Question } from '../region/question.ts'
import { proveTogether } from './many.ts'
import { bruteForce } from './testing/brute-force.testing.ts'
import { families, randomCase } from './testing/random-question.testing.ts'

const tolerance = 1e-7

/** Parts of a question's box, with some of its cases and bounds of their own now and then. */
function partsOf({ lower, upper, unsafe }: Question, random: Random): Question[] {
  return Array.from({ length: 2 + random.integer(6) }, () => {
    const ends = lower.map((l, i) => random.between(l, upper[i]))
    const others = lower.map((l, i) => random.between(l, upper[i]))
    const shift = random.integer(3) === 0 ? random.normal() / 4 : 0
    return {
      lower: ends.map((x, i) => Math.min(x, others[i])),
      upper: ends.map((x, i) => Math.max(x, others[i])),
      unsafe: unsafe
        .slice(random.integer(unsafe.length))
        .map((constraints) => constraints.map((constraint) => ({ ...constraint, bound: constraint.bound + shift }))),
    }
  })
}

test('what is proved of boxes together holds in each', async () => {
  const engine = await Engine.create()
  let [proved, open] = [0, 0]
  for (const family of families) {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed, 'many', family)
      const { graph, question } = randomCase(random, family, 'pixels')
      const parts = partsOf(question, random)
      const proofs = proveTogether(engine, graph, parts, Deadline.in(60_000))
      proofs.forEach((proof, i) => {
        if (!proof) return open++
        proved++
        expect(proof.margin).toBeGreaterThan(0)
        expect(proof.margin, `${family} ${seed}`).toBeLessThanOrEqual(bruteForce(graph, parts[i]).exact + tolerance)
        return undefined
      })
    }
  }
  expect(Math.min(proved, open)).toBeGreaterThan(50)
})

test('past the deadline nothing is proved', async () => {
  const { graph, question } = randomCase(new Random(1, 'many'), 'linear', 'pixels')
  const engine = await Engine.create()
  const mark = engine.mark()
  expect(proveTogether(engine, graph, [question, question], Deadline.in(-1))).toEqual([undefined, undefined])
  expect(engine.mark()).toBe(mark)
})
