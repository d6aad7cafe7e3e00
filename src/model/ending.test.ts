import { expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { endOutputs, requireOrder } from './ending.ts'
import type { Graph } from './graph.ts'

const graph: Graph = { name: 'test', inputShape: [1], nodes: [], ending: 'softmax' }
const constraint = (coefficients: readonly number[], bound = 0) => ({
  coefficients: Float64Array.from(coefficients),
  bound,
})

test('a softmax sums to 1 and keeps the order, also of large outputs', () => {
  const ended = endOutputs('softmax', Float64Array.of(1000, 1001, -1000))
  expect(ended[0] + ended[1] + ended[2]).toBeCloseTo(1, 12)
  expect(ended[1] / ended[0]).toBeCloseTo(Math.E, 12)
  expect(endOutputs('log-softmax', Float64Array.of(1000, 1001))[0]).toBeCloseTo(-Math.log(1 + Math.E), 12)
  expect([...endOutputs(undefined, Float64Array.of(3, 4))]).toEqual([3, 4])
})

test('comparisons of two outputs are all that may be asked', () => {
  expect(() => requireOrder(graph, [constraint([0, 2, -2]), constraint([-1, 0, 1])])).not.toThrow()
  for (const wrong of [constraint([1, -1], 0.5), constraint([1, -2]), constraint([1, 0]), constraint([1, 1, -2])]) {
    expect(() => requireOrder(graph, [constraint([1, -1]), wrong])).toThrow(UserError)
    const { ending: _, ...plain } = graph
    expect(() => requireOrder(plain, [wrong])).not.toThrow()
  }
  const uncertain = { ...constraint([1, -1]), errors: Float64Array.of(0, 1e-20) }
  expect(() => requireOrder(graph, [uncertain])).toThrow('the network ends in a softmax')
})
