import { threads } from '../node/threads.ts'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { evaluateGraph } from '../model/graph.ts'
import { bruteForce } from '../search/testing/brute-force.testing.ts'
import { climb } from './climb.ts'
import { type NearMiss, bump, sawtooth } from '../search/testing/near-miss.testing.ts'
import { type CompleteMethod, distanceToUnsafe } from '../region/question.ts'
import { samplePoints } from '../search/testing/random-question.testing.ts'
import { verifyQuestion } from './verify-question.ts'

interface Pair {
  readonly name: string
  readonly planted: NearMiss
  /** The same just without a counterexample. */
  readonly twin: NearMiss
  /** Whether branch and bound finds the planted one in a second or so. */
  readonly easy: boolean
}

function pairs(): Pair[] {
  const all: Pair[] = []
  for (let inputs = 1; inputs <= 8; inputs++) {
    for (const [i, bits] of [13, 17, 20].entries()) {
      if (inputs > 3 && inputs % 3 !== i) continue
      const seed = 10 * inputs + i
      const excess = 2 ** -[4, 7, 10][(inputs + i) % 3]
      const make = (height: number) => bump(new Random(seed, 'bump'), inputs, 2 ** -bits, height)
      all.push({ name: `bump ${seed}`, planted: make(1 + excess), twin: make(1 - excess), easy: inputs <= 3 })
    }
  }
  for (let depth = 2; depth <= 6; depth++) {
    const excess = 2 ** -(4 + depth)
    const make = (height: number) => sawtooth(new Random(depth, 'sawtooth'), 1 + (depth % 3), depth, height)
    all.push({ name: `sawtooth ${depth}`, planted: make(1 + excess), twin: make(1 - excess), easy: depth <= 3 })
  }
  return all
}

const leastOf = ({ graph, question, place }: NearMiss) =>
  distanceToUnsafe(question, evaluateGraph(graph, place).at(-1)!)

test('the least distance is 1 − height by construction, and by the oracle', () => {
  for (const { name, planted, twin } of pairs()) {
    const random = new Random(1, name)
    for (const nearMiss of [planted, twin]) {
      const { graph, question, place } = nearMiss
      const distance = (point: Float64Array) => distanceToUnsafe(question, evaluateGraph(graph, point).at(-1)!)
      const least = leastOf(nearMiss)
      expect(Math.abs(least), name).toBeLessThan(0.1)
      const sampled = samplePoints(question, random, 100).map(distance)
      expect(Math.min(...sampled), name).toBeGreaterThanOrEqual(least)
      // chance does not find them: the bump is nowhere near
      const anywhere = Array.from({ length: 100 }, () => distance(place.map(() => random.uniform())))
      if (name.startsWith('bump')) expect(Math.min(...anywhere), name).toBeGreaterThanOrEqual(1)
      if (question.lower.length <= 3) expect(bruteForce(graph, question).exact, name).toBeCloseTo(least, 8)
    }
    expect(leastOf(planted), name).toBeLessThan(0)
    expect(leastOf(twin), name).toBeGreaterThan(0)
  }
})

const ladder = (search: CompleteMethod) => ({ steps: ['crown', 'alpha', 'complete'] as const, search })

test('MILP finds every planted counterexample, and proves that the twins have none', async () => {
  for (const { name, planted, twin } of pairs()) {
    const decide = ({ graph, question }: NearMiss) => climb(graph, question, { ...ladder('milp'), timeout: 20 })
    expect((await decide(planted)).outcome.verdict, name).toBe('vulnerable')
    expect((await decide(twin)).outcome.verdict, name).toBe('robust')
  }
})

test('branch and bound never calls planted ones robust or twins vulnerable, given little time or enough', async () => {
  for (const { name, planted, twin, easy } of pairs()) {
    const decide = async (asked: NearMiss, timeout: number) => {
      const { outcome, steps } = await climb(asked.graph, asked.question, { ...ladder('bab'), timeout })
      for (const { bound } of steps) expect(bound, name).toBeLessThanOrEqual(leastOf(asked) + 1e-8)
      return outcome.verdict
    }
    if (easy) expect(await decide(planted, 20), name).toBe('vulnerable')
    else expect(await decide(planted, 0.2), name).not.toBe('robust')
    expect(await decide(twin, 0.2), name).not.toBe('vulnerable')
  }
})

test('nor does the search on several workers, which has to stop in time', async () => {
  const height = (excess: number) => sawtooth(new Random(6, 'sawtooth'), 2, 6, 1 + excess)
  for (const [asked, wrong] of [
    [height(2 ** -10), 'robust'],
    [height(-(2 ** -10)), 'vulnerable'],
  ] as const) {
    const { verdict } = await verifyQuestion(asked.graph, asked.question, {
      timeout: 1.5,
      executor: threads(2),
      seed: 1,
    })
    expect(verdict).not.toBe(wrong)
  }
})
