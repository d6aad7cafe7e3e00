/** Networks at the edges of float64: nothing may be proved of them that is not so. */
import { expect, test } from 'vitest'
import { type Graph, type GraphNode, evaluateGraph } from '../../model/graph.ts'
import { denseMap } from '../../model/linear-map.ts'
import { climb } from '../../ladder/climb.ts'
import { type LinearConstraint, type Question, completeMethods } from '../../region/question.ts'
import { verifyQuestion } from '../../ladder/verify-question.ts'
import { OutOfRange, checkRange } from './range.ts'

const power = (k: number) => 2 ** k
const constraint = (...coefficients: number[]): LinearConstraint => ({
  coefficients: Float64Array.from(coefficients),
  bound: 0,
})

/** Affine layers of full matrices, ReLUs where 'relu' is said. */
function chain(inputs: number, ...layers: ('relu' | { rows: number[][]; bias: number[] })[]): Graph {
  const nodes = layers.map((layer, value): GraphNode => {
    if (layer === 'relu') return { kind: 'relu', value }
    const { rows, bias } = layer
    const map = denseMap(Float64Array.from(rows.flat()), rows.length, rows[0].length)
    return { kind: 'affine', terms: [{ value, map }], bias: Float64Array.from(bias) }
  })
  return { name: 'chain', inputShape: [inputs], nodes }
}
const times = (factor: number, bias = 0) => ({ rows: [[factor]], bias: [bias] })
const over = (inputs: number, ...unsafe: LinearConstraint[][]): Question => ({
  lower: new Float64Array(inputs).fill(-1),
  upper: new Float64Array(inputs).fill(1),
  unsafe,
})

/** Vulnerable, as exact arithmetic says, or undecided. */
async function expectNoProof(graph: Graph, question: Question): Promise<void> {
  for (const complete of completeMethods) {
    const ladder = { steps: ['crown', 'alpha', 'complete'], search: complete, timeout: 5 } as const
    expect((await climb(graph, question, ladder)).outcome.verdict).not.toBe('robust')
    const options = { timeout: 5, seed: 1, complete }
    expect((await verifyQuestion(graph, question, options)).verdict).not.toBe('robust')
  }
}

test('coefficients that underflow on the way back', async () => {
  // 1/4 − max(Σ x − 5, 0) by way of values up to 2⁴⁸⁰ and down to 2⁻⁶⁴⁰
  const up = Array.from({ length: 4 }, () => times(power(120)))
  const down = Array.from({ length: 8 }, (_, i) => times(power(-140), i === 7 ? -5 * power(-640) : 0))
  const back = Array.from({ length: 5 }, () => times(power(127)))
  const sum = { rows: [new Array<number>(6).fill(1)], bias: [0] }
  const graph = chain(6, sum, ...up, ...down, 'relu', ...back, times(-power(5), 0.25))
  expect(evaluateGraph(graph, new Array<number>(6).fill(1)).at(-1)![0]).toBe(-0.75)
  await expectNoProof(graph, over(6, [constraint(1)]))
})

test('products that vanish one by one', async () => {
  // 1/2 − mean x, by way of 64 products of 2⁻¹⁰⁷⁶
  const diagonal = (w: number) => {
    const rows = Array.from({ length: 64 }, (_, i) => Array.from({ length: 64 }, (_, j) => (i === j ? w : 0)))
    return { rows, bias: new Array<number>(64).fill(0) }
  }
  const down = [power(-140), ...new Array<number>(6).fill(power(-133)), power(-132)].map(diagonal)
  const mean = { rows: [new Array<number>(64).fill(power(-6))], bias: [0] }
  const up = Array.from({ length: 8 }, () => times(power(120)))
  await expectNoProof(chain(64, ...down, mean, ...up, times(-power(110), 0.5)), over(64, [constraint(1)]))
})

test('intervals that overflow, of one case among several', async () => {
  const graph = chain(1, { rows: [[0], [1], [-1]], bias: [1, 4, 4] })
  await expectNoProof(graph, over(1, [constraint(1, 0, 0)], [constraint(0, 1e308, -1e308)]))
})

test('bounds of a neuron whose distance overflows', async () => {
  const graph = chain(1, times(1.5e308), 'relu', times(-1e-308, 1))
  expect(evaluateGraph(graph, [1]).at(-1)![0]).toBeLessThan(0)
  await expectNoProof(graph, over(1, [constraint(1)]))
})

test('denormal bounds: the upper line stays above the ReLU', async () => {
  // max(x · 2⁻¹⁰⁷⁰ − …, 0) scaled up again: 1/2 − max(x, 0), −1/2 at x = 1
  const graph = chain(1, times(power(-1000)), times(power(-70)), 'relu', times(power(1000)), times(-power(70), 0.5))
  await expectNoProof(graph, over(1, [constraint(1)]))
})

test('numbers in range pass, others and NaN do not', () => {
  expect(() => checkRange([0, -1e100, 5e-324])).not.toThrow()
  for (const wrong of [1e101, -Infinity, NaN]) expect(() => checkRange([1, wrong])).toThrow(OutOfRange)
})
