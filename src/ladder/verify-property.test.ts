import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { parseVnnlib } from '../formats/vnnlib/property.ts'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { denseMap } from '../model/linear-map.ts'
import { bruteForce } from '../search/testing/brute-force.testing.ts'
import { type Verifier, verifyProperty } from './verify-property.ts'
import { type Outcome, distanceToUnsafe } from '../region/question.ts'

/** y = |x| */
const absolute: Graph = {
  name: 'absolute',
  inputShape: [1],
  nodes: [
    { kind: 'affine', terms: [{ value: 0, map: denseMap(Float64Array.of(1, -1), 2, 1) }], bias: new Float64Array(2) },
    { kind: 'relu', value: 1 },
    { kind: 'affine', terms: [{ value: 2, map: denseMap(Float64Array.of(1, 1), 1, 2) }], bias: new Float64Array(1) },
  ],
}
const property = (...formulas: string[]) =>
  parseVnnlib(`(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= -4 X_0 4))${formulas.join('')}`, 'p')
const options = { timeout: 20, seed: 0 }
/** A box around 0 where outputs may be any of both, but not at once: bounds of single constraints do not show it. */
const hard = (low: number, gap = 0.5) => `(and (>= X_0 ${low}) (<= X_0 2) (>= Y_0 ${0.5 + gap}) (<= Y_0 0.5))`
const twoHard = () => property(`(assert (or ${hard(-2, 1)} ${hard(-3)}))`)

/** Exact, by enumeration. */
const oracle: Verifier = async (graph, question) => {
  const { exact, point } = bruteForce(graph, question)
  if (exact > 0) return { verdict: 'robust', method: 'bab', margin: exact }
  return { verdict: 'vulnerable', method: 'pgd', point, outputs: evaluateGraph(graph, point).at(-1)! }
}
const undecided = (reason: (Outcome & { verdict: 'undecided' })['reason'], bound = -1): Outcome => ({
  ...{ verdict: 'undecided', reason, bound },
})

test('unsat: every box is proved; the bound is that of the worst, the method that of the most costly', async () => {
  const three = property(`(assert (or ${hard(-2, 1)} ${hard(-3)} (and (>= X_0 2) (<= Y_0 1.5))))`)
  const asked: number[] = []
  const noting: Verifier = (graph, question, given) => {
    asked.push(question.lower[0])
    return oracle(graph, question, given)
  }
  expect(await verifyProperty(absolute, three, noting, options)).toEqual({
    ...{ verdict: 'unsat', method: 'bab', bound: 0.25, reason: undefined, counterexample: undefined },
  })
  // the third box needs no verifier
  expect(asked).toEqual([-2, -3])
  const easy = property('(assert (or (and (>= X_0 2) (<= Y_0 1.5)) (and (<= X_0 -2) (<= Y_0 0.5))))')
  expect(await verifyProperty(absolute, easy, oracle, options)).toMatchObject({ method: 'interval', bound: 0.5 })
})

test('sat: one box is enough, also behind others that are open', async () => {
  const verify: Verifier = async (graph, question, given) =>
    question.lower[0] === -2 ? undecided('memory') : oracle(graph, question, given)
  const two = property(`(assert (or ${hard(-2)} (and (<= X_0 3.9) (<= Y_0 0.001))))`)
  const { verdict, method, bound, counterexample } = await verifyProperty(absolute, two, verify, options)
  expect([verdict, method]).toEqual(['sat', 'pgd'])
  expect(bound).toBeLessThanOrEqual(0)
  expect(counterexample!.outputs[0]).toBe(Math.abs(counterexample!.point[0]))
  expect(Math.abs(counterexample!.point[0])).toBeLessThanOrEqual(0.001)
})

test('thousands of boxes are each tried, however little time there is, before anything is asked', async () => {
  const boxes = Array.from({ length: 3000 }, (_, i) => `(and (>= X_0 ${-4 + i / 1000}) (<= X_0 ${-4 + (i + 1) / 1000})`)
  const never: Verifier = async () => {
    throw new Error('asked in vain')
  }
  const last = property(`(assert (or ${boxes.map((box, i) => `${box}(>= Y_0 ${i === 2999 ? 1 : 5}))`).join('')}))`)
  expect(await verifyProperty(absolute, last, never, { ...options, timeout: 1e-6 })).toMatchObject({ verdict: 'sat' })
  const none = property(`(assert (or ${boxes.map((box) => `${box}(>= Y_0 5))`).join('')}))`)
  expect(await verifyProperty(absolute, none, never, options)).toMatchObject({ verdict: 'unsat', method: 'interval' })
  // every box asks something else
  const own = property(`(assert (or ${boxes.map((box, i) => `${box}(>= Y_0 ${4.001 - i / 1000}))`).join('')}))`)
  expect(await verifyProperty(absolute, own, never, options)).toMatchObject({ verdict: 'unsat' })
})

test('random properties: unsat exactly if a fine grid has no unsafe point', async () => {
  const random = new Random(5, 'instances')
  const seen = new Map<string, number>()
  for (let i = 0; i < 150; i++) {
    const number = () => random.integer(33) / 4 - 4
    const part = () =>
      `(and (>= X_0 ${number()}) (<= X_0 ${number()}) (${random.integer(2) ? '<=' : '>='} Y_0 ${number()}))`
    const asked = property(`(assert (or ${part()} ${part()} ${part()}))`)
    const { verdict } = await verifyProperty(absolute, asked, oracle, options)
    const grid = Array.from({ length: 65 }, (_, k) => (k - 32) / 8)
    const unsafe = grid.some((x) =>
      asked.regions.some(
        (region) => region.lower[0] <= x && x <= region.upper[0] && distanceToUnsafe(region, [Math.abs(x)]) <= 0,
      ),
    )
    // an unsafe set of this network over quarters has a point of the grid
    expect(verdict).toBe(unsafe ? 'sat' : 'unsat')
    seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
  }
  expect(Math.min(...['sat', 'unsat'].map((verdict) => seen.get(verdict) ?? 0))).toBeGreaterThan(20)
})

test('timeout and unknown', async () => {
  const two = twoHard()
  const run = (first: Outcome, second: Outcome) =>
    verifyProperty(absolute, two, async (_, { lower }) => (lower[0] === -2 ? first : second), options)
  const robust: Outcome = { verdict: 'robust', method: 'lp', margin: 2 }
  const open = { method: undefined, counterexample: undefined }
  expect(await run(robust, undecided('timeout'))).toEqual({ ...open, verdict: 'timeout', bound: -1, reason: 'timeout' })
  expect(await run(undecided('precision', -3), robust)).toEqual({
    ...{ ...open, verdict: 'unknown', bound: -3, reason: 'precision' },
  })
  expect(await run(undecided('memory', -2), undecided('timeout', -9))).toMatchObject({ verdict: 'timeout', bound: -9 })
  expect(await run(undecided('timeout', -Infinity), robust)).toMatchObject({ verdict: 'timeout', bound: undefined })
  const late = await verifyProperty(absolute, two, oracle, { ...options, timeout: -1 })
  expect(late).toMatchObject({ verdict: 'timeout', bound: undefined, reason: 'timeout' })
})

test('only a box that ran out of time is asked again', async () => {
  const asked: number[] = []
  const verify: Verifier = async (_, { lower }) => {
    asked.push(lower[0])
    return lower[0] === -2 ? undecided('memory') : { verdict: 'robust', method: 'lp', margin: 1 }
  }
  expect(await verifyProperty(absolute, twoHard(), verify, options)).toMatchObject({ verdict: 'unknown' })
  expect(asked).toEqual([-2, -3])
})

test('the time is shared: what easy boxes leave goes to those that are open', async () => {
  const boxes = [-4, -3, -2, -1].map((low) => hard(low))
  const shares: [number, number][] = []
  const slow: Verifier = async (_, { lower }, { timeout }) => {
    shares.push([lower[0], timeout])
    // the third box takes more than its first share
    if (lower[0] === -2 && timeout < 10) return undecided('timeout')
    return { verdict: 'robust', method: 'lp', margin: 1 }
  }
  const result = await verifyProperty(absolute, property(`(assert (or ${boxes.join('')}))`), slow, options)
  expect(result.verdict).toBe('unsat')
  expect(shares.map(([low]) => low)).toEqual([-4, -3, -2, -1, -2])
  const asked = shares.map(([, seconds]) => seconds)
  for (const [i, share] of [5, 20 / 3, 10, 20, 20].entries()) {
    expect(asked[i]).toBeLessThanOrEqual(share)
    expect(asked[i]).toBeGreaterThan(share / 2)
  }
})

test('what no network can decide', async () => {
  const never: Verifier = async () => {
    throw new Error('asked in vain')
  }
  const empty = await verifyProperty(absolute, property('(assert (>= X_0 5))'), never, options)
  expect(empty).toMatchObject({ verdict: 'unsat', method: undefined, bound: undefined })
  const always = await verifyProperty(absolute, property('(assert (>= X_0 3))'), never, options)
  expect(always).toMatchObject({ verdict: 'sat', bound: undefined })
  expect([...always.counterexample!.point, ...always.counterexample!.outputs]).toEqual([3.5, 3.5])
})

test('errors of the verifier, and a counterexample that is none, are errors', async () => {
  const asked = property('(assert (<= Y_0 -1))')
  const failing: Verifier = async () => {
    throw new Error('out of luck')
  }
  await expect(verifyProperty(absolute, asked, failing, options)).rejects.toThrow('out of luck')
  const lying: Verifier = async (_, { lower }) => ({
    ...{ verdict: 'vulnerable', method: 'pgd', point: lower, outputs: Float64Array.of(-1) },
  })
  await expect(verifyProperty(absolute, asked, lying, options)).rejects.toThrow('did not pass its re-run')
})
