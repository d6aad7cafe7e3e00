/** Constants of ONNX files that cancel when layers are folded into one: no bound may rest on what they lose. */
import { expect, test } from 'vitest'
import { parseNetwork } from '../../formats/onnx/import.ts'
import { type TestModel, bytesOf, doubles, floats, integers, node } from '../../formats/onnx/model.testing.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { climb } from '../../ladder/climb.ts'
import { Random } from '../../base/random.ts'
import { atMost, exact, linear } from '../testing/exact.testing.ts'

/** Whether y > bound is proved for x from 0 to 1. */
async function proves(model: TestModel, bound: number, upper = 1): Promise<boolean> {
  const { graph } = parseNetwork(bytesOf(model), 'model.onnx')
  const question = {
    lower: Float64Array.of(0),
    upper: Float64Array.of(upper),
    unsafe: [[{ coefficients: Float64Array.of(1), bound }]],
  }
  const ladder = { steps: ['crown', 'alpha', 'complete'], search: 'bab', timeout: 5 } as const
  return (await climb(graph, question, ladder)).outcome.verdict === 'robust'
}

/** x · 1 + bias, then what follows. */
const layer = (
  bias: number,
  nodes: TestModel['nodes'],
  initialisers: NonNullable<TestModel['initialisers']>,
): TestModel => ({
  input: [1, 1],
  nodes: [node('Gemm', 'x w b', 'a'), ...nodes],
  initialisers: [floats('w', [1, 1], [1]), floats('b', [1], [bias]), ...initialisers],
})

test('a large shift and its opposite', async () => {
  const shifts = (size: number) =>
    layer(
      -0.125,
      [node('Add', 'a p', 'c'), node('Add', 'c m', 'y')],
      [floats('p', [1], [size]), floats('m', [1], [-size])],
    )
  // y = x − 0.125, whose minimum is −0.125
  expect(await proves(shifts(2 ** 60), -0.0625)).toBe(false)
  expect(await proves(shifts(4), -0.0625)).toBe(false)
  expect(await proves(shifts(4), -0.126)).toBe(true)
})

test('batch normalisation whose mean and bias nearly cancel', async () => {
  const mean = 2 ** 27
  const factor = 1 / Math.sqrt(1 + Math.fround(1e-5))
  const bias = Math.fround(mean * factor)
  const model = layer(
    0,
    [node('BatchNormalization', 'a s be me va', 'y', { epsilon: 1e-5 })],
    [floats('s', [1], [-1]), floats('be', [1], [-bias]), floats('me', [1], [mean]), floats('va', [1], [1])],
  )
  // mean / √(1 + ε) − bias in exact arithmetic, where float64 has 0.9164100885391235
  const minimum = 0.9164100757280333 - factor
  expect(await proves(model, minimum + 1e-9)).toBe(false)
  expect(await proves(model, minimum - 1e-4)).toBe(true)
})

test('several scales and shifts, each of which cancels most of the last', async () => {
  let rounded = 0
  for (let seed = 0; seed < 60; seed++) {
    const random = new Random(seed, 'folds')
    const single = () => Math.fround(random.between(1, 2))
    const [start, ...factors] = [single(), single(), single(), single(), single()] as const
    let [value, estimate] = [exact(start), start as number]
    const nodes: TestModel['nodes'][number][] = []
    const initialisers: NonNullable<TestModel['initialisers']>[number][] = []
    factors.forEach((factor, i) => {
      const scaled = estimate * factor
      // all but a 31st
      const shift = Math.fround((-30 / 31) * scaled)
      nodes.push(node('Mul', `${i ? `c${i - 1}` : 'a'} f${i}`, `m${i}`), node('Add', `m${i} s${i}`, `c${i}`))
      initialisers.push(floats(`f${i}`, [1], [factor]), floats(`s${i}`, [1], [shift]))
      value = linear(shift, [factor], [value])
      estimate = scaled + shift
    })
    // at x = 0, the only input: where float64 ends above the exact value, no proof may
    const below = estimate - Math.abs(estimate) * 2 ** -42
    if (!atMost(value, exact(below))) continue
    rounded++
    expect(await proves(layer(start, nodes, initialisers), below, 0), `seed ${seed}`).toBe(false)
  }
  expect(rounded).toBeGreaterThan(3)
})

test('sums of constants are those of real numbers, not of 32-bit floats', async () => {
  // y = x + (2²⁵ + 1) − 2²⁵ + 3 · 0.1, where 2²⁵ + 1 is no 32-bit float
  const big = 2 ** 25
  const model: TestModel = {
    input: [1, 1],
    nodes: [
      node('Add', 'p one', 'q'),
      node('Sub', 'q p', 'r'),
      node('Gemm', 'x w t', 'z', { beta: 3 }),
      node('Add', 'z r', 'y'),
    ],
    initialisers: [floats('p', [1], [big]), floats('one', [1], [1]), floats('w', [1, 1], [1]), floats('t', [1], [0.1])],
  }
  const least = 1 + 3 * Math.fround(0.1)
  expect(await proves(model, least - 1e-9)).toBe(true)
  expect(await proves(model, least + 1e-9)).toBe(false)
})

test.each([
  ['a sum that is rounded, and its opposite', 'Add', 2 ** 60, 0.5, 2 ** 60],
  ['a product that is rounded, and itself', 'Mul', 1 + 2 ** -23, 1 + 2 ** -40, 1 + 2 ** -23],
])('constants that cancel are refused: %s', (_, operator, a, b, c) => {
  // y = x + (a ∘ b − c), where float64 has no digit of the difference right
  const difference = (less: number): TestModel => ({
    input: [1, 1],
    nodes: [node(operator, 'a b', 'p'), node('Sub', 'p c', 'd'), node('Add', 'x d', 'y')],
    initialisers: [doubles('a', [1], [a]), doubles('b', [1], [b]), doubles('c', [1], [less])],
  })
  expect(() => parseNetwork(bytesOf(difference(c)), 'model.onnx')).toThrow('combines constants that nearly cancel')
  // where nothing cancels, rounding counts for no more than in any weight
  expect(parseNetwork(bytesOf(difference(c / 2)), 'model.onnx').graph.nodes).toHaveLength(1)
})

test("batch normalisation's ε is the 32-bit float next to 1e-5 where none is given", () => {
  const model: TestModel = {
    input: [1, 1],
    nodes: [node('BatchNormalization', 'x s b m v', 'y')],
    initialisers: ['s', 'b', 'm', 'v'].map((name) => floats(name, [1], [name === 's' ? 1 : 0])),
  }
  const { graph } = parseNetwork(bytesOf(model), 'model.onnx')
  expect(evaluateGraph(graph, Float64Array.of(1)).at(-1)).toEqual(Float64Array.of(1 / Math.sqrt(Math.fround(1e-5))))
})

test.each([
  ['ReduceSum', [node('ReduceSum', 'c axes', 'd', { keepdims: 0 })]],
  ['MatMul', [node('MatMul', 'c ones', 'd')]],
] as const)('constants that cancel within one operator are summed with all their digits: %s', async (_, nodes) => {
  // y = x + (2⁶⁰ + 0.5 − 2⁶⁰)
  const model = (first: number): TestModel => ({
    input: [1, 1],
    nodes: [node('Mul', 'a b', 'c'), ...nodes, node('Add', 'x d', 'y')],
    initialisers: [
      doubles('a', [3], [2 ** 60, 0.5, -(2 ** 60)]),
      doubles('b', [3], [first, 1, 1]),
      doubles('ones', [3], [1, 1, 1]),
      integers('axes', [0]),
    ],
  })
  expect(await proves(model(1), 0.499)).toBe(true)
  expect(await proves(model(1), 0.501)).toBe(false)
  // a product that is rounded before: no digit is known
  const rounded = model(1 + 2 ** -40)
  const initialisers = [doubles('a', [3], [1 + 2 ** -23, 0, -(1 + 2 ** -23)]), ...rounded.initialisers!.slice(1)]
  expect(() => parseNetwork(bytesOf({ ...rounded, initialisers }), 'model.onnx')).toThrow('nearly cancel')
})
