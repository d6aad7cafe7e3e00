/** Networks of MaxPool, Clip, LeakyRelu and the like: their ReLUs are what a dense sample says, and no more than needed. */
import { expect, test } from 'vitest'
import { verifyQuestion } from '../../ladder/verify-question.ts'
import { type Graph, evaluateGraph, sizesOf } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import { type TestModel, bytesOf, drawn, floats, integers, node } from './model.testing.ts'

/** A network from two inputs to an image of 4 × 4, through linear pieces, to one output. */
const piecewise = (pool: ReturnType<typeof node>, width: number, seed: number): TestModel => ({
  input: [1, 2],
  nodes: [
    node('Gemm', 'x w b', 'h'),
    node('Reshape', 'h image', 'i'),
    pool,
    node('Flatten', 'p', 'f'),
    node('Clip', 'f lo hi', 'c'),
    node('LeakyRelu', 'f', 'l', { alpha: -0.25 }),
    node('Max', 'c l zero', 'm'),
    node('Abs', 'f', 'a'),
    node('Min', 'm a', 'n'),
    node('Gemm', 'n v', 'y'),
  ],
  initialisers: [
    ...[drawn('w', [2, 16], seed), drawn('b', [16], seed), drawn('v', [width, 1], seed)],
    ...[integers('image', [1, 1, 4, 4]), floats('lo', [], [-0.5]), floats('hi', [], [0.75]), floats('zero', [], [0])],
  ],
})

const pools = [
  { width: 4, made: node('MaxPool', 'i', 'p', { kernel_shape: [2, 2], strides: [2, 2] }) },
  { width: 4, made: node('MaxPool', 'i', 'p', { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1] }) },
  { width: 4, made: node('ReduceMin', 'i', 'p', { axes: [2] }) },
]

/** The least output over a grid of [−1, 1]². */
function leastOnGrid(graph: Graph, steps: number): number {
  let least = Infinity
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j <= steps; j++) {
      const [output] = evaluateGraph(graph, [(2 * i) / steps - 1, (2 * j) / steps - 1]).at(-1)!
      least = Math.min(least, output)
    }
  }
  return least
}

test.each(pools.flatMap((pool, i) => [1, 2].map((seed) => ({ ...pool, seed: 10 * i + seed }))))(
  'the least output of network $seed is that of a grid',
  async ({ made, width, seed }) => {
    const { graph } = parseNetwork(bytesOf(piecewise(made, width, seed)), 'test.onnx')
    const least = leastOnGrid(graph, 80)
    const ask = (bound: number) =>
      verifyQuestion(
        graph,
        {
          lower: Float64Array.of(-1, -1),
          upper: Float64Array.of(1, 1),
          unsafe: [[{ coefficients: Float64Array.of(1), bound }]],
        },
        { timeout: 60, seed: 1 },
      )
    expect((await ask(least)).verdict).toBe('vulnerable')
    // between two points of the grid it may fall a little further
    expect((await ask(least - 0.2)).verdict).toBe('robust')
  },
)

/** Neurons of the ReLUs of a network. */
function neuronsOf(...nodes: TestModel['nodes']): number {
  const constants = [
    floats('lo', [], [-0.5]),
    floats('hi', [], [0.75]),
    floats('zero', [], [0]),
    floats('inf', [], [Infinity]),
  ]
  const { graph } = parseNetwork(bytesOf({ input: [1, 1, 4, 4], nodes, initialisers: constants }), 'test.onnx')
  const sizes = sizesOf(graph)
  return graph.nodes.reduce((sum, { kind }, i) => sum + (kind === 'relu' ? sizes[i + 1] : 0), 0)
}

test.each([
  ['Clip from 0', 16, node('Clip', 'x zero', 'y')],
  ['Clip from 0 to infinity', 16, node('Clip', 'x zero inf', 'y')],
  ['Clip', 32, node('Clip', 'x lo hi', 'y')],
  ['LeakyRelu', 16, node('LeakyRelu', 'x', 'y')],
  ['Abs', 16, node('Abs', 'x', 'y')],
  ['Max with constants', 16, node('Max', 'x lo hi zero', 'y')],
  ['MaxPool of 2 × 2', 12, node('MaxPool', 'x', 'y', { kernel_shape: [2, 2], strides: [2, 2] })],
  // along each axis, windows cover 2, 3, 3 and 2 elements: 10 × 10 in all, of 16 windows
  [
    'MaxPool of 3 × 3 with padding',
    10 * 10 - 16,
    node('MaxPool', 'x', 'y', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  ],
  ['MaxPool of 1 × 1', 0, node('MaxPool', 'x', 'y', { kernel_shape: [1, 1] })],
])('%s takes %i neurons', (_, neurons, made) => {
  expect(neuronsOf(made)).toBe(neurons)
})
