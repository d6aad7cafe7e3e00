/** Questions that once were answered wrong, late, or not at all. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { loadAnyNetwork } from '../node/any-network.ts'
import { readVnnlib } from '../node/properties/property-file.ts'
import { type Graph, type GraphNode, evaluateGraph } from '../model/graph.ts'
import { denseMap } from '../model/linear-map.ts'
import { climb } from './climb.ts'
import { outputBounds } from '../search/condense/output-bounds.ts'
import type { LinearConstraint, Outcome, Question } from '../region/question.ts'
import { bump } from '../search/testing/near-miss.testing.ts'
import { type SearchChoice, searchChoices, verifyQuestion } from './verify-question.ts'

const options = { timeout: 30, seed: 0 }
const wholeLadder = { steps: ['crown', 'alpha', 'complete'], search: 'bab' } as const

/** Layers of full matrices with random weights, ReLUs between them. */
function network(widths: readonly number[], seed: number): Graph {
  const random = new Random(seed, 'verify')
  const normal = (length: number) => Float64Array.from({ length }, () => random.normal())
  const nodes = widths.slice(1).flatMap((outputs, i) => {
    const map = denseMap(normal(outputs * widths[i]), outputs, widths[i])
    const affine = { kind: 'affine', terms: [{ value: 2 * i, map }], bias: normal(outputs) } as const
    return i === widths.length - 2 ? [affine] : [affine, { kind: 'relu', value: 2 * i + 1 } as const]
  })
  return { name: 'random', inputShape: [widths[0]], nodes }
}
/** y = relu(x) over [0, 1] */
const relu: Graph = { name: 'relu', inputShape: [1], nodes: [{ kind: 'relu', value: 0 }] }
const unit = { lower: Float64Array.of(0), upper: Float64Array.of(1) }
const path = (file: string) => fileURLToPath(new URL(`cases/07-conjunction-stuck/${file}`, import.meta.url))
const all = (size: number, value: number) => new Float64Array(size).fill(value)

test.each([
  ['y > 1', -1, -1, true, 'robust'],
  ['y ≥ 1', -1, -1, false, 'vulnerable'],
  ['y < 0', 1, 0, true, 'robust'],
  ['y ≤ 0', 1, 0, false, 'vulnerable'],
  ['y > 1 − 2⁻⁵²', -1, -1 + 2 ** -52, true, 'vulnerable'],
] as const)('%s', async (_, coefficient, bound, strict, verdict) => {
  const unsafe = [[{ coefficients: Float64Array.of(coefficient), bound, strict }]]
  expect((await verifyQuestion(relu, { ...unit, unsafe }, options)).verdict).toBe(verdict)
})

test('borders are exact for decimal numbers, too', async () => {
  const unsafe = [[{ coefficients: Float64Array.of(-1), bound: -0.1, strict: true }]]
  const upTo = (end: number) => ({ lower: Float64Array.of(0), upper: Float64Array.of(end), unsafe })
  expect((await verifyQuestion(relu, upTo(0.1), options)).verdict).toBe('robust')
  expect((await verifyQuestion(relu, upTo(0.1 + 2 ** -50), options)).verdict).toBe('vulnerable')
})

test('a proof holds for all coefficients within their errors', async () => {
  const asked = (error: number): Question => ({
    ...unit,
    unsafe: [[{ coefficients: Float64Array.of(-1), bound: -1.05, errors: Float64Array.of(error) }]],
  })
  const verdicts = async (error: number) => [
    (await verifyQuestion(relu, asked(error), { ...options, timeout: 3 })).verdict,
    (await climb(relu, asked(error), { ...wholeLadder, timeout: 3 })).outcome.verdict,
  ]
  expect(await verdicts(0.04)).toEqual(['robust', 'robust'])
  expect(await verdicts(0.06)).toEqual(['undecided', 'undecided'])
})

test.each(['range', 'nested'])('an "and" over a tiny network: %s', async (name) => {
  const { graph } = loadAnyNetwork(path('net.onnx'))
  const [region] = readVnnlib(path(`${name}.vnnlib`)).regions
  for (const complete of ['auto', 'milp'] satisfies SearchChoice[]) {
    expect((await verifyQuestion(graph, region!, { ...options, complete })).verdict).toBe('robust')
  }
})

test.each(searchChoices)('the margin is no larger than that of a case that intervals closed: %s', async (complete) => {
  const { graph } = loadAnyNetwork(path('net.onnx'))
  const [region] = readVnnlib(path('range.vnnlib')).regions
  const most = outputBounds(graph, region!)!.upper[0]
  const near = { coefficients: Float64Array.of(-1, 0), bound: -most - 0.001 }
  const outcome = await verifyQuestion(
    graph,
    { ...region!, unsafe: [[near], ...region!.unsafe] },
    { ...options, complete },
  )
  expect(outcome.verdict).toBe('robust')
  expect((outcome as { margin: number }).margin).toBeLessThan(0.00101)
})

test('an "and" of 1500 constraints, one of which no output can meet', async () => {
  const size = 1500
  const graph = network([20, 60, size], 1)
  const constraints = Array.from({ length: size }, (_, i): LinearConstraint => {
    const coefficients = new Float64Array(size)
    coefficients[i] = -1
    return { coefficients, bound: i === size - 1 ? -1e4 : 1e4 }
  })
  const question = { lower: all(20, -1), upper: all(20, 1), unsafe: [constraints] }
  expect(await verifyQuestion(graph, question, options)).toMatchObject({ verdict: 'robust', method: 'interval' })
  const met = { ...question, unsafe: [constraints.slice(0, -1)] }
  expect(await verifyQuestion(graph, met, options)).toMatchObject({ verdict: 'vulnerable' })
})

test('60,000 cases of two constraints take memory for each, not for each pair', async () => {
  const graph = network([2, 8, 2], 2)
  const outputs = evaluateGraph(graph, [0, 0]).at(-1)!
  const unsafe = (least: number) =>
    Array.from({ length: 60_000 }, (_, i) => [
      { coefficients: Float64Array.of(-1, 0), bound: -(least + i) },
      { coefficients: Float64Array.of(0, 1), bound: -(least + i) },
    ])
  const question = { lower: all(2, -1), upper: all(2, 1) }
  const far = await verifyQuestion(graph, { ...question, unsafe: unsafe(100) }, options)
  expect(far).toMatchObject({ verdict: 'robust', method: 'interval' })
  // the one case that can be met is the last
  const near = { coefficients: Float64Array.of(1, 0), bound: outputs[0] + 1e-3 }
  const met = await verifyQuestion(graph, { ...question, unsafe: [...unsafe(100), [near]] }, options)
  expect(met.verdict).toBe('vulnerable')
})

test.each([
  ['Array buffer allocation failed', 'memory'],
  ['Invalid typed array length: 8589934592', 'memory'],
  ['offset is out of bounds', undefined],
])('where memory ends there is no verdict and no crash: %s', async (message, reason) => {
  const map = { ...denseMap(Float64Array.of(1), 1, 1) }
  map.forward = () => {
    throw new RangeError(message)
  }
  const nodes: GraphNode[] = [{ kind: 'affine', terms: [{ value: 0, map }], bias: Float64Array.of(0) }]
  const graph: Graph = { name: 'large', inputShape: [1], nodes }
  const question = { ...unit, unsafe: [[{ coefficients: Float64Array.of(1), bound: 0 }]] }
  const asked = verifyQuestion(graph, question, options)
  if (reason === undefined) await expect(asked).rejects.toThrow(message)
  else expect(await asked).toEqual({ verdict: 'undecided', bound: -Infinity, reason })
})

test('what a search finds comes with the outputs of the network', async () => {
  const { graph, question } = bump(new Random(40, 'bump'), 4, 2 ** -13, 1 + 2 ** -7)
  const outcome = await verifyQuestion(graph, question, { ...options, complete: 'milp' })
  expect(outcome).toMatchObject({ verdict: 'vulnerable', method: 'milp' })
  const { point, outputs } = outcome as Outcome & { verdict: 'vulnerable' }
  expect(outputs).toEqual(evaluateGraph(graph, point).at(-1))
})

test('what slopes prove is hardly attacked', async () => {
  const graph = network([20, 30, 30, 2], 3)
  let runs = 0
  const [first, ...rest] = graph.nodes as [Extract<GraphNode, { kind: 'affine' }>, ...GraphNode[]]
  const { map, value } = first.terms[0]
  const counted = { ...map, forward: (x: Float64Array, y: Float64Array) => (runs++, map.forward(x, y)) }
  const counting: Graph = { ...graph, nodes: [{ ...first, terms: [{ value, map: counted }] }, ...rest] }
  const outputs = evaluateGraph(graph, all(20, 0)).at(-1)!
  const question = (room: number): Question => ({
    ...{ lower: all(20, -0.05), upper: all(20, 0.05) },
    unsafe: [[{ coefficients: Float64Array.of(1, -1), bound: outputs[0] - outputs[1] - room }]],
  })
  // the first room that slopes prove and intervals do not
  for (let room = 1; ; room *= 1.5) {
    runs = 0
    const outcome = await verifyQuestion(counting, question(room), { ...options, timeout: 5 })
    if (outcome.verdict !== 'robust' || (outcome.method !== 'crown' && outcome.method !== 'alpha')) continue
    // one start of 40 steps, and some interval steps
    expect(runs).toBeLessThan(100)
    break
  }
})
