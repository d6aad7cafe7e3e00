/** Searches that split inputs and neurons in every order, against the oracle. */
import { beforeAll, expect, test, vi } from 'vitest'
import { Deadline } from '../../base/deadline.ts'
import { Engine } from '../../device/wasm/engine.ts'
import { Random } from '../../base/random.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { withMargins } from '../../region/margins-graph.ts'
import { distanceToUnsafe } from '../../region/question.ts'
import { condense } from '../condense/condense.ts'
import { bruteForce } from '../testing/brute-force.testing.ts'
import { bump, sawtooth } from '../testing/near-miss.testing.ts'
import { domains, families, randomCase, shifted } from '../testing/random-question.testing.ts'
import { branchAndBound } from './branch-and-bound.ts'

const kinds = vi.hoisted(() => ({ next: (): 'neuron' | 'input' | undefined => undefined }))
vi.mock('./kind-choice.ts', () => ({
  KindChoice: class {
    kindFor = () => kinds.next()
    decide = () => undefined
    count = () => undefined
  },
}))

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const ways = {
  'inputs only': () => 'input' as const,
  'either, by chance': (random: Random) => (random.integer(2) === 0 ? ('input' as const) : ('neuron' as const)),
  'trials among them': (random: Random) => (['input', 'neuron', undefined] as const)[random.integer(3)],
}

/** Margins beyond this are decided soon even by halves alone. */
const LEAST = 1e-3

test.each(Object.entries(ways))('%s: as brute force has it', async (name, way) => {
  const seen = { robust: 0, vulnerable: 0, undecided: 0 }
  let halved = 0
  for (const family of families.filter((family) => family !== 'tie')) {
    for (const domain of domains) {
      for (let seed = 0; seed < 40; seed++) {
        const random = new Random(seed, 'halving', family, domain)
        const { graph, question: asked } = randomCase(random, family, domain)
        const drawn = bruteForce(graph, asked).exact
        const least = (random.integer(2) === 0 ? 1 : -1) * LEAST * 10 ** random.between(0, 2)
        const question = shifted(asked, least - drawn)
        kinds.next = () => way(random)
        const distance = (point: Float64Array) => distanceToUnsafe(question, evaluateGraph(graph, point).at(-1)!)
        const { condensed, margins } = condense(engine, withMargins(graph, question), question, {
          deadline: Deadline.never,
        })
        const isCounterexample = (point: Float64Array) => distance(point) <= 0
        const deadline = Deadline.in(10_000)
        const result = await branchAndBound(engine, condensed, { deadline, isCounterexample })
        const which = `${name}: ${family}, ${domain}, seed ${seed}, least ${least}`
        expect(result.verdict, which).toBe(least > 0 ? 'robust' : 'vulnerable')
        if (result.verdict === 'vulnerable') expect(distance(result.point)).toBeLessThanOrEqual(0)
        if (result.verdict === 'robust') {
          const closed = margins.filter((margin) => margin > 0)
          expect(Math.min(result.margin, ...closed), which).toBeLessThanOrEqual(least + 1e-8)
        }
        seen[result.verdict]++
        halved += Number(result.subProblems > 2 * condensed.cases.length)
      }
    }
  }
  expect(Math.min(seen.robust, seen.vulnerable, halved)).toBeGreaterThan(60)
})

test.each(Object.entries(ways))('%s: planted counterexamples are never missed', async (_, way) => {
  for (let seed = 0; seed < 6; seed++) {
    const random = new Random(seed, 'planted')
    kinds.next = () => way(random)
    for (const make of [
      (height: number) => bump(new Random(seed, 'bump'), 1 + (seed % 3), 2 ** -13, height),
      (height: number) => sawtooth(new Random(seed, 'sawtooth'), 1 + (seed % 3), 2 + (seed % 4), height),
    ]) {
      for (const height of [1 + 2 ** -6, 1 - 2 ** -6]) {
        const { graph, question } = make(height)
        const { condensed } = condense(engine, withMargins(graph, question), question, { deadline: Deadline.never })
        const isCounterexample = (point: Float64Array) =>
          distanceToUnsafe(question, evaluateGraph(graph, point).at(-1)!) <= 0
        const deadline = Deadline.in(1000)
        const { verdict } = await branchAndBound(engine, condensed, { deadline, isCounterexample })
        expect(verdict).not.toBe(height > 1 ? 'robust' : 'vulnerable')
      }
    }
  }
})
