/** Which imported networks are made of our layers. */
import { expect, test } from 'vitest'
import { evaluate } from '../../model/evaluate.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import { type TestModel, bytesOf, drawn, drawnInputs, floats, integers, node, relativeError } from './model.testing.ts'

test('a network in other words than ours is taken for what it is', () => {
  const model: TestModel = {
    input: [1, 1, 4, 4],
    nodes: [
      node('Sub', 'x mean', 's'),
      node('Div', 's deviation', 'd'),
      node('Conv', 'd v', 'a', { auto_pad: 'SAME_UPPER' }),
      node('Add', 'a b', 'c'),
      node('Relu', 'c', 'r'),
      node('Dropout', 'r', 'o'),
      node('Reshape', 'o shape', 'f'),
      node('MatMul', 'f w', 'm'),
      node('Add', 'e m', 'y'),
    ],
    initialisers: [
      ...[floats('mean', [], [0.5]), floats('deviation', [1], [0.25]), drawn('v', [2, 1, 3, 3]), drawn('b', [2, 1, 1])],
      ...[integers('shape', [0, -1]), drawn('w', [32, 3]), drawn('e', [3])],
    ],
  }
  const { network, misfit } = parseNetwork(bytesOf(model), 'some.onnx')
  expect(misfit).toBeUndefined()
  expect(network!.architecture).toEqual({
    name: 'test',
    input: { channels: 1, height: 4, width: 4 },
    layers: [
      { kind: 'normalise', mean: [0.5], deviation: [0.25] },
      { kind: 'convolution', outChannels: 2, kernel: 3, stride: 1, padding: 1 },
      { kind: 'relu' },
      { kind: 'flatten' },
      { kind: 'linear', outFeatures: 3 },
    ],
  })
})

test('residual blocks in other words than ours are taken for what they are', () => {
  const model: TestModel = {
    input: ['N', 2, 5, 5],
    nodes: [
      node('Conv', 'x v c', 'a', { pads: [1, 1, 1, 1] }),
      node('Relu', 'a', 'r'),
      // the way past the block first, with a bias of its own, in parts
      node('Conv', 'r u', 'skip', { strides: [2, 2] }),
      node('Add', 'skip b', 'shifted'),
      node('Conv', 'r w', 'd', { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node('Relu', 'd', 'e'),
      node('Conv', 'e w', 'f', { pads: [1, 1, 1, 1] }),
      node('Identity', 'f', 'g'),
      node('Add', 'shifted g', 'h'),
      // and one that adds the image itself
      node('Conv', 'x u', 'i', { strides: [2, 2] }),
      node('Add', 'i h', 'j'),
      node('Relu', 'j', 'k'),
      node('Flatten', 'k', 'l'),
      node('Gemm', 'l m', 'y'),
    ],
    initialisers: [
      ...[drawn('v', [2, 2, 3, 3]), drawn('c', [2]), drawn('u', [2, 2, 1, 1]), drawn('b', [2, 1, 1])],
      ...[drawn('w', [2, 2, 3, 3]), drawn('m', [18, 3])],
    ],
  }
  const { graph, network, misfit } = parseNetwork(bytesOf(model), 'some.onnx')
  expect(misfit).toBeUndefined()
  const three = { kind: 'convolution', outChannels: 2, kernel: 3, stride: 1, padding: 1 }
  const one = { kind: 'convolution', outChannels: 2, kernel: 1, stride: 2, padding: 0 }
  expect(network!.architecture.layers).toEqual([
    one,
    { ...three, from: -1 },
    { kind: 'relu' },
    one,
    { ...three, stride: 2, from: 2 },
    { kind: 'relu' },
    three,
    { kind: 'add', other: 3 },
    { kind: 'add', other: 0 },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 3 },
  ])
  for (const x of drawnInputs(50, 3)) {
    expect(relativeError(evaluate(network!, x), evaluateGraph(graph, x).at(-1)!)).toBeLessThan(1e-12)
  }
})

test('batch normalisation is folded into the layer before it, which rounds its weights', () => {
  const positive = floats('v', [4], [0.5, 1, 2, 0.1])
  const model: TestModel = {
    input: ['N', 2, 4, 4],
    nodes: [
      node('Conv', 'x w b', 'a'),
      node('BatchNormalization', 'a s t m v', 'c'),
      node('Relu', 'c', 'd'),
      node('Flatten', 'd', 'e'),
      node('Gemm', 'e u', 'y'),
    ],
    initialisers: [
      ...[drawn('w', [4, 2, 3, 3]), drawn('b', [4]), drawn('s', [4]), drawn('t', [4]), drawn('m', [4]), positive],
      drawn('u', [16, 3]),
    ],
  }
  const { graph, network, rounded, misfit } = parseNetwork(bytesOf(model), 'some.onnx')
  expect(network).toBeUndefined()
  expect(misfit).toBe("Conv 'a-node' has folded weights that are not 32-bit floats")
  expect(rounded!.architecture.layers.map(({ kind }) => kind)).toEqual(['convolution', 'relu', 'flatten', 'linear'])
  for (const x of drawnInputs(32, 3)) {
    expect(relativeError(evaluate(rounded!, x), evaluateGraph(graph, x).at(-1)!)).toBeLessThan(1e-5)
  }
})

test.each([
  ['something else reads what it scales', [node('Add', 'c a', 'd')]],
  ['a ReLU stands between', [node('Relu', 'c', 'd')], 'r'],
])('a normalisation is not folded if %s', (_, nodes, between = 'a') => {
  const model: TestModel = {
    input: ['N', 4],
    nodes: [
      node('MatMul', 'x w', 'a'),
      node('Relu', 'a', 'r'),
      node('Mul', `${between} f`, 'c'),
      ...nodes,
      node('MatMul', 'd u', 'y'),
    ],
    initialisers: [drawn('w', [4, 3]), drawn('f', [3]), drawn('u', [3, 2])],
  }
  const { rounded, misfit } = parseNetwork(bytesOf(model), 'some.onnx')
  expect(rounded).toBeUndefined()
  expect(misfit).toBe("Mul 'c-node' is not a layer of such a network")
})

test('groups, average pools and sums with what a ReLU makes are layers', () => {
  const model: TestModel = {
    input: ['N', 2, 6, 6],
    nodes: [
      node('Conv', 'x v', 'a', { pads: [1, 1, 1, 1], group: 2 }),
      node('Relu', 'a', 'b'),
      node('Conv', 'b w', 'c', { pads: [1, 1, 1, 1] }),
      node('Add', 'b c', 'd'),
      node('Relu', 'd', 'e'),
      node('AveragePool', 'e', 'f', {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 1, 1],
        count_include_pad: 1,
      }),
      node('Relu', 'f', 'g'),
      node('GlobalAveragePool', 'g', 'h'),
      node('Flatten', 'h', 'i'),
      node('Gemm', 'i m', 'y'),
    ],
    initialisers: [drawn('v', [4, 1, 3, 3]), drawn('w', [4, 4, 3, 3]), drawn('m', [4, 3])],
  }
  const { graph, network, misfit } = parseNetwork(bytesOf(model), 'some.onnx')
  expect(misfit).toBeUndefined()
  const convolution = { kind: 'convolution', outChannels: 4, kernel: 3, stride: 1, padding: 1 }
  expect(network!.architecture.layers).toEqual([
    { ...convolution, groups: 2 },
    { kind: 'relu' },
    convolution,
    { kind: 'add', other: 1 },
    { kind: 'relu' },
    { kind: 'averagePool', kernel: 3, stride: 2, padding: 1 },
    { kind: 'relu' },
    { kind: 'averagePool', kernel: 3, stride: 1, padding: 0 },
    { kind: 'flatten' },
    { kind: 'linear', outFeatures: 3 },
  ])
  for (const x of drawnInputs(72, 3)) {
    expect(relativeError(evaluate(network!, x), evaluateGraph(graph, x).at(-1)!)).toBeLessThan(1e-12)
  }
})

test.each([
  ['padding that does not count', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ['windows that are not square', { kernel_shape: [2, 3] }],
  ['strides that differ', { kernel_shape: [2, 2], strides: [1, 2] }],
  ['dilations', { kernel_shape: [2, 2], dilations: [2, 2] }],
  ['padding on one side', { kernel_shape: [2, 2], pads: [0, 0, 1, 1], count_include_pad: 1 }],
])('an average pool with %s is none of ours', (_, attributes) => {
  const model: TestModel = {
    input: ['N', 1, 6, 6],
    nodes: [node('AveragePool', 'x', 'a', attributes), node('Flatten', 'a', 'b'), node('ReduceSum', 'b', 'y')],
    initialisers: [],
  }
  const { network, misfit } = parseNetwork(bytesOf(model), 'some.onnx')
  expect(network).toBeUndefined()
  expect(misfit).toBe("AveragePool 'a-node' is not a layer of such a network")
})
