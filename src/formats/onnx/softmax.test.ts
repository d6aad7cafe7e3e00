/** A softmax at the end of a network. */
import { expect, test } from 'vitest'
import { parseNetwork } from './import.ts'
import { type TestModel, bytesOf, drawn, expectAsOracle, node } from './model.testing.ts'
import type { NodeProto, Partially } from './schema.ts'

const ending = (made: Partially<NodeProto>, more: Partial<TestModel> = {}) =>
  bytesOf({
    input: ['N', 4],
    nodes: [node('MatMul', 'x w', 'a'), made],
    initialisers: [drawn('w', [4, 3])],
    ...more,
  })

test.each([
  ['Softmax', ending(node('Softmax', 'a', 'y')), 'softmax'],
  ['LogSoftmax', ending(node('LogSoftmax', 'a', 'y', { axis: 1 })), 'log-softmax'],
  ['Softmax of opset 11', ending(node('Softmax', 'a', 'y', { axis: 0 }), { opset: 11 }), 'softmax'],
  ['Softmax of the input', ending(node('Softmax', 'x', 'y'), { opset: 11 }), 'softmax'],
])('%s at the end is an ending', async (_, bytes, expected) => {
  const { graph } = parseNetwork(bytes, 'test.onnx')
  expect(graph.ending).toBe(expected)
  await expectAsOracle(graph, bytes, [1, 4])
})

test('a softmax before its outputs are relabelled is an ending, too', async () => {
  const nodes = [node('MatMul', 'x w', 'a'), node('Softmax', 'a', 'b'), node('Flatten', 'b', 'y', { axis: 0 })]
  const bytes = ending(nodes[1], { nodes })
  await expectAsOracle(parseNetwork(bytes, 'test.onnx').graph, bytes, [1, 4])
})

test.each<[string, Uint8Array]>([
  [
    'in the middle',
    ending(node('Softmax', 'a', 'b'), { nodes: [node('Softmax', 'x', 'b'), node('MatMul', 'b w', 'y')] }),
  ],
  ['over another axis', ending(node('Softmax', 'a', 'y', { axis: 0 }))],
  ['over a part', ending(node('Softmax', 'x', 'y'), { input: ['N', 2, 4], nodes: [node('Softmax', 'x', 'y')] })],
])('a softmax %s is refused', (_, bytes) => {
  expect(() => parseNetwork(bytes, 'test.onnx')).toThrow(/not supported: Softmax \('[by]-node'\)/)
})
