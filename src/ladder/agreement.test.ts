/** Complete methods against the oracle, and every bound against every other, on small random networks. */
import { threads } from '../node/threads.ts'
import { beforeAll, expect, test } from 'vitest'
import { Deadline } from '../base/deadline.ts'
import type { Condensed } from '../search/system/condensed.ts'
import { Engine } from '../device/wasm/engine.ts'
import { Random } from '../base/random.ts'
import { evaluateGraph } from '../model/graph.ts'
import { branchAndBound } from '../search/branch/branch-and-bound.ts'
import { bruteForce } from '../search/testing/brute-force.testing.ts'
import { condense } from '../search/condense/condense.ts'
import { checkCondensed, graphOfRows } from '../search/testing/condensed.testing.ts'
import { boundMethods, lowerBoundsOf } from '../search/testing/linear-bounds.testing.ts'
import { withMargins } from '../region/margins-graph.ts'
import { solveMilp } from '../search/milp/solve-milp.ts'
import { optimiseSlopes } from '../search/slopes.ts'
import {
  type CompleteMethod,
  type CompleteResult,
  type Outcome,
  completeMethods,
  distanceToUnsafe,
} from '../region/question.ts'
import {
  type Domain,
  type Family,
  type RandomCase,
  domains,
  families,
  randomCase,
  samplePoints,
  shifted,
} from '../search/testing/random-question.testing.ts'
import { climb } from './climb.ts'
import { searchChoices, verifyQuestion } from './verify-question.ts'

let engine: Engine
beforeAll(async () => {
  engine = await Engine.create()
})

const everywhere = families.flatMap((family) => domains.map((domain) => [family, domain] as const))

/** The oracle's precision. */
const tolerance = 1e-8
/** Questions whose exact distance is less may stay undecided. */
const close = 1e-7
/** More than any of them needs. */
const seconds = 60
const later = () => Deadline.in(1000 * seconds)

interface Case extends RandomCase {
  readonly name: string
  readonly exact: number
  readonly distance: (point: Float64Array) => number
  /** Samples of the box, and the oracle's point. */
  readonly points: readonly Float64Array[]
}

/** Half of the questions are moved until they are just robust or just vulnerable, by 0.1 down to 1e-6. */
function draw(family: Family, domain: Domain, count: number): Case[] {
  return Array.from({ length: count }, (_, seed) => {
    const random = new Random(seed, 'agreement', family, domain)
    const { graph, question: drawn } = randomCase(random, family, domain)
    const { exact, point } = bruteForce(graph, drawn)
    const target = (random.integer(2) === 0 ? 1 : -1) * 10 ** random.between(-6, -1)
    const by = family === 'tie' || seed % 2 === 0 ? 0 : target - exact
    const question = shifted(drawn, by)
    const distance = (x: Float64Array) => distanceToUnsafe(question, evaluateGraph(graph, x).at(-1)!)
    const points = [...samplePoints(question, random, 30), point]
    return { name: `${family}, ${domain}, seed ${seed}`, graph, question, exact: exact + by, distance, points }
  })
}

/** The rows' least values over the box, by the oracle. */
function leastOfRows(condensed: Condensed, rows: readonly number[], sign: 1 | -1): number {
  const { lower, upper } = condensed
  const unsafe = rows.map((_, i) => [{ coefficients: new Float64Array(rows.length).with(i, sign), bound: 0 }])
  return bruteForce(graphOfRows(condensed, rows), { lower, upper, unsafe }).exact
}

test.each(everywhere)('%s, %s: a condensed system is its network, and bounds of neurons hold', (family, domain) => {
  for (const { name, graph, question, exact, points } of draw(family, domain, 8)) {
    const adaptive = condense(engine, withMargins(graph, question), question, { deadline: later() })
    for (const { condensed } of [adaptive, optimiseSlopes(engine, adaptive, later())]) {
      expect(checkCondensed(graph, question, condensed, points), name).toEqual([])
      const { neurons, neuronLower, neuronUpper, error, cases } = condensed
      for (let k = 0; k < neurons; k++) {
        const slack = error[k] + tolerance
        expect(leastOfRows(condensed, [k], 1), name).toBeGreaterThanOrEqual(neuronLower[k] - slack)
        expect(-leastOfRows(condensed, [k], -1), name).toBeLessThanOrEqual(neuronUpper[k] + slack)
      }
      const open = cases.length > 0 ? leastOfRows(condensed, cases.flat(), 1) : Infinity
      if (exact <= 0) expect(open, name).toBeCloseTo(exact, 7)
      else expect(open, name).toBeGreaterThanOrEqual(exact - tolerance)
    }
  }
})

test.each(everywhere)('%s, %s: bounds get no looser along the ladder, nor pass the exact value', (family, domain) => {
  for (const { name, graph, question } of draw(family, domain, 40)) {
    const margins = withMargins(graph, question)
    const exact = question.unsafe.map((constraints) => bruteForce(graph, { ...question, unsafe: [constraints] }).exact)
    const plain = boundMethods.map((method) => lowerBoundsOf(margins, question, method))
    const adaptive = condense(engine, margins, question, { deadline: later() })
    const optimised = optimiseSlopes(engine, adaptive, later())
    exact.forEach((least, c) => {
      const best = Math.max(...plain.map((bounds) => bounds[c]))
      expect(best, name).toBeLessThanOrEqual(least + tolerance)
      expect(adaptive.margins[c], name).toBeLessThanOrEqual(least + tolerance)
      expect(optimised.margins[c], name).toBeLessThanOrEqual(least + tolerance)
      expect(optimised.margins[c], name).toBeGreaterThanOrEqual(adaptive.margins[c])
      // a bound above 0 has proved its case, and nobody needs a better one
      const wanted = Math.min(best, 0)
      expect(optimised.margins[c], name).toBeGreaterThanOrEqual(wanted - tolerance)
    })
  }
})

/** The complete method itself, on a system whose bounds are only adaptive: more is left for it to do. */
async function decide(method: CompleteMethod, { graph, question, distance }: Case): Promise<CompleteResult> {
  const { condensed, margins } = condense(engine, withMargins(graph, question), question, { deadline: later() })
  const isCounterexample = (point: Float64Array) => distance(point) <= 0
  const result =
    method === 'bab'
      ? await branchAndBound(engine, condensed, { deadline: later(), isCounterexample })
      : await solveMilp(condensed, { deadline: later(), isCounterexample })
  const closed = Math.min(...margins.filter((margin) => margin > 0))
  return result.verdict === 'robust' ? { ...result, margin: Math.min(result.margin, closed) } : result
}

/** Never a wrong verdict; none only where float64 cannot tell. */
function check({ name, exact, distance, points, question }: Case, result: CompleteResult | Outcome): void {
  if (result.verdict === 'robust') {
    expect(Math.min(...points.map(distance)), `${name} is called robust`).toBeGreaterThan(0)
    expect(result.margin, name).toBeGreaterThan(0)
    expect(result.margin, name).toBeLessThanOrEqual(exact + tolerance)
  } else if (result.verdict === 'vulnerable') {
    const { point } = result
    expect(distance(point), name).toBeLessThanOrEqual(0)
    expect(point.length, name).toBe(question.lower.length)
    expect(
      point.every((x, i) => x >= question.lower[i] && x <= question.upper[i]),
      `${name}: in the box`,
    ).toBe(true)
  } else {
    expect(Math.abs(exact), `${name} is undecided (${result.reason})`).toBeLessThan(close)
    expect(result.bound, name).toBeLessThanOrEqual(exact + tolerance)
  }
}

/** Of each family in each domain: 540 networks in all. */
const count = 45

test.each(everywhere)('%s, %s: branch and bound, MILP and brute force agree', async (family, domain) => {
  const seen = { robust: 0, vulnerable: 0, undecided: 0 }
  for (const asked of draw(family, domain, count)) {
    const { outcome } = await climb(asked.graph, asked.question, { ...wholeLadder, timeout: seconds })
    check(asked, outcome)
    for (const method of completeMethods) {
      const result = await decide(method, asked)
      check(asked, result)
      seen[result.verdict]++
    }
  }
  if (family === 'tie') expect(seen.robust).toBe(0)
  else {
    expect(Math.min(seen.robust, seen.vulnerable), JSON.stringify(seen)).toBeGreaterThan(count / 2)
    expect(seen.undecided, JSON.stringify(seen)).toBeLessThan(count / 10)
  }
})

test.each(domains)('%s: so do the attack, the ladder and the search on several workers', async (domain) => {
  for (const asked of families.flatMap((family) => draw(family, domain, 4))) {
    for (const complete of searchChoices) {
      const options = { timeout: seconds, executor: threads(2), seed: 1, complete }
      check(asked, await verifyQuestion(asked.graph, asked.question, options))
    }
  }
})

const wholeLadder = { steps: ['crown', 'alpha', 'complete'], search: 'bab' } as const
