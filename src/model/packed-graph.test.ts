import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluateGraph, graphOf } from './graph.ts'
import { packGraph, unpackGraph } from './packed-graph.ts'
import { networkArbitrary } from './random-network.testing.ts'
import { takePixels } from './normalise.ts'

test('a graph that was sent gives the same numbers, bit by bit, and its maps the same sums', () => {
  const property = fc.property(networkArbitrary(), (network) => {
    const graph = graphOf(network)
    const sent = unpackGraph(structuredClone(packGraph(graph)))
    const { channels, height, width } = network.architecture.input
    const input = Float64Array.from({ length: channels * height * width }, (_, i) => Math.sin(1 + i))
    expect(evaluateGraph(sent, input)).toEqual(evaluateGraph(graph, input))
    graph.nodes.forEach((node, i) => {
      const other = sent.nodes[i]!
      if (node.kind === 'relu' || other.kind === 'relu') return expect(other).toEqual(node)
      node.terms.forEach(({ map }, t) => {
        const same = other.terms[t]!.map
        expect([same.inputs, same.outputs, same.terms]).toEqual([map.inputs, map.outputs, map.terms])
        const y = Float64Array.from({ length: map.outputs }, (_, o) => Math.cos(o))
        const [back, backOfSame] = [new Float64Array(map.inputs), new Float64Array(map.inputs)]
        map.transposed(y, back)
        same.transposed(y, backOfSame)
        expect(backOfSame).toEqual(back)
      })
    })
    expect(sent.inputShape).toEqual(graph.inputShape)
  })
  fc.assert(property, { numRuns: 40, seed: 3 })
})

test('sparse maps and endings travel, too', () => {
  const relu = { name: 'relu', inputShape: [1, 2, 1], nodes: [{ kind: 'relu', value: 0 }], ending: 'softmax' } as const
  const graph = takePixels(relu, { channels: 1, height: 2, width: 1 }, { mean: [0.5], deviation: [0.25] }, false)
  const sent = unpackGraph(structuredClone(packGraph(graph)))
  expect(evaluateGraph(sent, [0, 1])).toEqual(evaluateGraph(graph, [0, 1]))
  expect(sent.ending).toBe('softmax')
})
