import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../engine/random.ts'
import { evaluate } from './evaluate.ts'
import { type Graph, evaluateGraph, graphOf, sizesOf } from './graph.ts'
import { sizeOf } from './layers.ts'
import { denseMap, selectionMap } from './linear-map.ts'
import { networkArbitrary } from './random-network.testing.ts'

test('a sequential network and its graph compute the same', () => {
  fc.assert(
    fc.property(networkArbitrary(), fc.nat(), (network, seed) => {
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
