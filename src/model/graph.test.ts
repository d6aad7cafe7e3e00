import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { evaluate } from './evaluate.ts'
import { type Graph, evaluateGraph, graphOf, sizesOf } from './graph.ts'
import { type Layer, sizeOf } from './layers.ts'
import { denseMap, selectionMap } from './linear-map.ts'
import { networkArbitrary } from './random-network.testing.ts'

test('a network of layers and its graph compute the same', () => {
  const networks = fc.boolean().chain((everyKind) => networkArbitrary({ everyKind }))
  fc.assert(
    fc.property(networks, fc.nat(), (network, seed) => {
      const graph = graphOf(network)
      const { input, name } = network.architecture
      expect(graph.name).toBe(name)
      expect(graph.inputShape.reduce((a, b) => a * b)).toBe(sizeOf(input))
      const random = new Random(seed, 'point')
      const point = Float64Array.from({ length: sizeOf(input) }, () => random.between(-1, 2))
      const values = evaluateGraph(graph, point)
      expect(values.map(({ length }) => length)).toEqual(sizesOf(graph))
      const expected = evaluate(network, point)
      const scale = Math.max(1, ...expected.map(Math.abs))
      expected.forEach((y, i) => expect(Math.abs(values.at(-1)![i] - y) / scale).toBeLessThan(1e-12))
    }),
  )
})

const pixel = { kind: 'convolution', outChannels: 1, kernel: 1, stride: 1, padding: 0 } as const
const relu = { kind: 'relu' } as const

/** The graph of a network of one pixel, whose convolutions have these weights and biases. */
const graphOfPixel = (layers: readonly Layer[], parameters: number[]): Graph =>
  graphOf({
    architecture: { name: 'pixel', input: { channels: 1, height: 1, width: 1 }, layers },
    parameters: Float32Array.from(parameters),
  })

const valuesRead = ({ nodes }: Graph) =>
  nodes.map((node) => (node.kind === 'relu' ? node.value : node.terms.map(({ value }) => value)))

test('a residual sum is one node with a term for each of its layers', () => {
  const layers = [
    pixel,
    relu,
    pixel,
    relu,
    pixel,
    { ...pixel, from: 1 },
    { kind: 'add', other: 4 } as const,
    relu,
    pixel,
  ]
  const graph = graphOfPixel(layers, [1, 0, 2, 1, -1, 3, 4, -5, 1, 0])
  expect(valuesRead(graph)).toEqual([[0], 1, [2], 3, [4, 2], 5, [6]])
  // x = 2: 2·2 + 1 = 5, −5 + 3 + 8 − 5 = 1
  expect(evaluateGraph(graph, [2]).map(([v]) => v)).toEqual([2, 2, 2, 5, 5, 1, 1, 1])
})

test('what something else reads too, and sums of sums, are values of their own', () => {
  // the first layer is read by a ReLU and twice by the sum, and that sum by another
  const add = (other: number) => ({ kind: 'add', other }) as const
  const layers = [pixel, relu, pixel, add(0), { ...pixel, from: -1 }, add(3), relu, pixel]
  const graph = graphOfPixel(layers, [1, 1, 2, 0.5, 3, -1, 1, 0])
  expect(valuesRead(graph)).toEqual([[0], 1, [1, 2], [3, 0], 4, [5]])
  // x = 1: 2, relu 2, 2·2 + 0.5 + 2 = 6.5, 3 − 1 + 6.5
  expect(evaluateGraph(graph, [1]).at(-1)![0]).toBe(8.5)
  const twice = graphOfPixel([pixel, add(0), relu, pixel], [3, 1, 1, 0])
  expect(valuesRead(twice)).toEqual([[0], [1, 1], 2, [3]])
  expect(evaluateGraph(twice, [1]).at(-1)![0]).toBe(8)
  const later = graphOfPixel([pixel, { ...pixel, from: -1 }, add(0), { ...pixel, from: 0 }, add(2)], [1, 0, 2, 0, 5, 0])
  expect(valuesRead(later)).toEqual([[0], [1, 0], [2, 1]])
  expect(evaluateGraph(later, [1]).at(-1)![0]).toBe(8)
})

test('values are summed over branches, and each value may be read more than once', () => {
  const identity = selectionMap(2, 2, (o) => o)
  const twice = denseMap(Float64Array.of(1, 2, -3, 4), 2, 2)
  const graph: Graph = {
    name: 'residual',
    inputShape: [2],
    nodes: [
      { kind: 'affine', terms: [{ value: 0, map: twice }], bias: Float64Array.of(0, 1) },
      { kind: 'relu', value: 1 },
      {
        kind: 'affine',
        terms: [
          { value: 2, map: identity },
          { value: 0, map: identity },
          { value: 0, map: twice },
        ],
        bias: Float64Array.of(0.5, 0),
      },
    ],
  }
  const point = Float64Array.of(1, -1)
  const values = evaluateGraph(graph, point)
  expect(values.map((value) => [...value])).toEqual([
    [1, -1],
    [-1, -6],
    [0, 0],
    [0.5, -8],
  ])
  expect([...point]).toEqual([1, -1])
  expect(sizesOf(graph)).toEqual([2, 2, 2, 2])
})
