/** Questions over ℓ2 and ℓ1 balls against the oracle, as agreement.test.ts has it for boxes. */
import { threads } from '../node/threads.ts'
import { beforeAll, expect, test } from 'vitest'
import { Deadline } from '../base/deadline.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { evaluateGraph } from '../model/graph.ts'
import { moveInto } from '../region/region.ts'
import { withMargins } from '../region/margins-graph.ts'
import { type CompleteResult, distanceToUnsafe, type Outcome, type Question } from '../region/question.ts'
import { branchAndBound } from '../search/branch/branch-and-bound.ts'
import { condense } from '../search/condense/condense.ts'
import { climb } from './climb.ts'
import { optimiseSlopes } from '../search/slopes.ts'
import { bruteForce } from '../search/testing/brute-force.testing.ts'
import { checkCondensed } from '../search/testing/condensed.testing.ts'
import {
  type Domain,
  type RandomCase,
  domains,
  inBall,
  randomCase,
  samplePoints,
  shifted,
} from '../search/testing/random-question.testing.ts'
import { verifyQuestion } from './verify-question.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const families = ['linear', 'convolution', 'residual', 'branches', 'touching'] as const
const roundNorms = ['l2', 'l1'] as const
const everywhere = roundNorms.flatMap((norm) => domains.map((domain) => [norm, domain] as const))

/** The oracle's precision. */
const tolerance = 1e-7
/** Questions whose exact distance is less may stay undecided. */
const close = 1e-6
const seconds = 60
/** Of the networks. */
const MOST_INPUTS = 5
const later = () => Deadline.in(1000 * seconds)

interface Case extends RandomCase {
  readonly name: string
  readonly exact: number
  readonly distance: (point: Float64Array) => number
  /** Samples of the region, and the oracle's point. */
  readonly points: readonly Float64Array[]
}

/** Half of the questions are moved until they are just robust or just vulnerable, by 0.1 down to 1e-5. */
function draw(norm: 'l2' | 'l1', domain: Domain, count: number): Case[] {
  return families.flatMap((family) =>
    Array.from({ length: count }, (_, seed) => seed).flatMap((seed) => {
      const random = new Random(seed, 'ball agreement', family, norm, domain)
      const { graph, question: drawn } = randomCase(random, family, domain)
      // the oracle is slow where there are more
      if (drawn.lower.length > MOST_INPUTS) return []
      const round = inBall(drawn, norm, domain, random)
      const { exact, point } = bruteForce(graph, round)
      const target = (random.integer(2) === 0 ? 1 : -1) * 10 ** random.between(-5, -1)
      const by = seed % 2 === 0 ? -exact * random.between(0, 2) : target - exact
      const question = shifted(round, by)
      const distance = (x: Float64Array) => distanceToUnsafe(question, evaluateGraph(graph, x).at(-1)!)
      const points = [...samplePoints(question, random, 30), point].map((x) => moveInto(question, x))
      const name = `${family}, ${norm}, ${domain}, seed ${seed}`
      return [{ name, graph, question, exact: exact + by, distance, points }]
    }),
  )
}

function isInside({ lower, upper, ball }: Question, point: Float64Array): boolean {
  const { norm, centre, radius } = ball!
  const moves = point.map((x, i) => x - centre[i])
  const length = norm === 'l1' ? moves.reduce((sum, move) => sum + Math.abs(move), 0) : Math.hypot(...moves)
  return length <= radius && point.every((x, i) => x >= lower[i] && x <= upper[i])
}

test.each(everywhere)('%s, %s: bounds hold, and get no looser along the ladder', (norm, domain) => {
  let [tight, cases] = [0, 0]
  for (const { name, graph, question, points } of draw(norm, domain, 6)) {
    const adaptive = condense(engine, withMargins(graph, question), question, { deadline: later() })
    const optimised = optimiseSlopes(engine, adaptive, later())
    for (const { condensed } of [adaptive, optimised]) {
      expect(checkCondensed(graph, question, condensed, points), name).toEqual([])
    }
    const { ball: _, ...box } = question
    const overBox = condense(engine, withMargins(graph, question), box, { deadline: later() })
    question.unsafe.forEach((constraints, c) => {
      const least = bruteForce(graph, { ...question, unsafe: [constraints] }).exact
      expect(adaptive.margins[c], name).toBeLessThanOrEqual(least + tolerance)
      expect(optimised.margins[c], name).toBeLessThanOrEqual(least + tolerance)
      expect(optimised.margins[c], name).toBeGreaterThanOrEqual(adaptive.margins[c])
      cases++
      if (optimised.margins[c] > 0 || optimised.margins[c] > least - 1e-6) tight++
      if (overBox.margins[c] > 0) expect(optimised.margins[c], name).toBeGreaterThan(0)
    })
  }
  expect(tight).toBeGreaterThan(cases / 3)
})

/** Never a wrong verdict; none only where float64 cannot tell. */
function check({ name, exact, distance, points, question }: Case, result: CompleteResult | Outcome): void {
  if (result.verdict === 'robust') {
    expect(Math.min(...points.map(distance)), `${name} is called robust`).toBeGreaterThan(0)
    expect(result.margin, name).toBeGreaterThan(0)
    expect(result.margin, name).toBeLessThanOrEqual(exact + tolerance)
  } else if (result.verdict === 'vulnerable') {
    expect(distance(result.point), name).toBeLessThanOrEqual(0)
    expect(isInside(question, result.point), `${name}: in the region`).toBe(true)
    expect(exact, name).toBeLessThan(tolerance)
  } else {
    expect(result.bound, name).toBeLessThanOrEqual(exact + tolerance)
    expect(Math.abs(exact), `${name} is undecided (${result.reason})`).toBeLessThan(close)
  }
}

/** Of each family. */
const count = 16

test.each(everywhere)('%s, %s: branch and bound agrees with brute force', async (norm, domain) => {
  const seen = { robust: 0, vulnerable: 0, undecided: 0 }
  for (const asked of draw(norm, domain, count)) {
    const { graph, question, distance } = asked
    const { outcome } = await climb(graph, question, { ...wholeLadder, timeout: seconds })
    check(asked, outcome)
    // on a system whose bounds are only adaptive more is left for the search to do
    const { condensed, margins } = condense(engine, withMargins(graph, question), question, { deadline: later() })
    const isCounterexample = (point: Float64Array) => distance(point) <= 0
    const found = await branchAndBound(engine, condensed, { deadline: later(), isCounterexample })
    const closed = Math.min(...margins.filter((margin) => margin > 0))
    check(asked, found.verdict === 'robust' ? { ...found, margin: Math.min(found.margin, closed) } : found)
    seen[found.verdict]++
  }
  expect(Math.min(seen.robust, seen.vulnerable), JSON.stringify(seen)).toBeGreaterThan((count * families.length) / 5)
  expect(seen.undecided, JSON.stringify(seen)).toBeLessThan((count * families.length) / 10)
})

test('so do the attack, the ladder and the search on several workers', async () => {
  for (const [norm, domain] of everywhere) {
    for (const asked of draw(norm, domain, 2)) {
      check(
        asked,
        await verifyQuestion(asked.graph, asked.question, { timeout: seconds, executor: threads(2), seed: 1 }),
      )
    }
  }
})

test('MILP refuses balls', async () => {
  const { graph, question } = draw('l2', 'unbounded', 1)[0]
  const refused = 'milp searches boxes only, not ℓ2 or ℓ1 balls: choose bab'
  const options = { timeout: 1, seed: 1, complete: 'milp' } as const
  await expect(verifyQuestion(graph, question, options)).rejects.toThrow(refused)
  await expect(climb(graph, question, { ...wholeLadder, search: 'milp', timeout: 1 })).rejects.toThrow(refused)
})

const wholeLadder = { steps: ['crown', 'alpha', 'complete'], search: 'bab' } as const
