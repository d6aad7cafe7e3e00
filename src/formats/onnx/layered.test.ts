/** Which imported networks are made of our layers. */
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../model/evaluate.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import { type TestModel, bytesOf, drawn, drawnInputs, floats, integers, node, relativeError } from './model.testing.ts'

const simple: TestModel = {
  input: ['N', 4],
  nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'y')],
  initialisers: [drawn('w', [4, 3])],
}

describe('is not made of our layers, and says which one does not fit:', () => {
  const conv = (attributes: Record<string, readonly number[] | number>) => [
    node('Conv', 'x w', 'a', attributes),
    node('Flatten', 'a', 'b'),
    node('Relu', 'b', 'c'),
  ]
  const square = { input: ['N', 2, 4, 4], initialisers: [drawn('w', [4, 2, 3, 3])] }
  test.each<[string, TestModel, string]>([
    ['a ReLU at the end', simple, "Relu 'y-node' comes last"],
    [
      'a ReLU at the beginning',
      { ...simple, nodes: [node('Relu', 'x', 'r'), node('MatMul', 'r w', 'y')] },
      "Relu 'r-node'",
    ],
    [
      'a sum at the end',
      { ...simple, nodes: [node('MatMul', 'x w', 'a'), node('Add', 'a a', 'y')] },
      'the last layer must not be a residual sum',
    ],
    [
      'a sum of what another layer has come behind',
      {
        ...square,
        nodes: [
          node('Conv', 'x w', 'a'),
          node('Conv', 'x w', 'b'),
          node('Add', 'a b', 'c'),
          node('Relu', 'c', 'd'),
          node('Conv', 'd v', 'e'),
          node('Add', 'a b', 'f'),
          node('Add', 'e f', 'g'),
          node('Conv', 'g v', 'y'),
        ],
        initialisers: [drawn('w', [2, 2, 3, 3]), drawn('v', [2, 2, 1, 1])],
      },
      "Add 'f-node' does not follow a layer that it adds",
    ],
    [
      'the first outputs of a layer',
      {
        ...simple,
        nodes: [node('MatMul', 'x w', 'a'), node('Slice', 'a from to', 'y')],
        initialisers: [drawn('w', [4, 3]), integers('from', [0, 0]), integers('to', [1, 2])],
        opset: 13,
      },
      "Slice 'y-node' is not a layer",
    ],
    [
      'a sum of the first outputs of two layers',
      {
        ...square,
        nodes: [
          node('Conv', 'x w', 'a'),
          node('Conv', 'x w', 'b'),
          node('Slice', 'a from to', 'c'),
          node('Slice', 'b from to', 'd'),
          node('Add', 'c d', 'e'),
          node('Relu', 'e', 'f'),
          node('Flatten', 'f', 'g'),
          node('MatMul', 'g v', 'y'),
        ],
        initialisers: [
          drawn('w', [4, 2, 3, 3]),
          drawn('v', [8, 2]),
          integers('from', [0, 0, 0, 0]),
          integers('to', [1, 2, 2, 2]),
        ],
        opset: 13,
      },
      "Slice 'c-node' is not a layer",
    ],
    [
      'a difference',
      { ...square, nodes: [node('Conv', 'x w', 'a'), node('Conv', 'x w', 'b'), node('Sub', 'a b', 'y')] },
      "Sub 'y-node' is not a layer",
    ],
    [
      'a sum over more than one value',
      {
        ...square,
        nodes: [
          node('Conv', 'x w', 'a', { strides: [2, 2] }),
          node('Conv', 'x w', 'b'),
          node('Add', 'a b', 'c'),
          node('Conv', 'c v', 'y'),
        ],
        initialisers: [...square.initialisers, drawn('v', [2, 4, 1, 1])],
      },
      "Add 'c-node' is not a layer",
    ],
    [
      'an image that is read both as it is and flattened',
      {
        ...square,
        nodes: [
          node('Conv', 'x w', 'a'),
          node('Flatten', 'x', 'f'),
          node('MatMul', 'f v', 'b'),
          node('Reshape', 'b s', 'c'),
          node('Add', 'c a', 'd'),
          node('Relu', 'd', 'e'),
          node('Conv', 'e u', 'y'),
        ],
        initialisers: [
          drawn('w', [5, 2, 4, 4]),
          drawn('v', [32, 5]),
          drawn('u', [2, 5, 1, 1]),
          integers('s', [-1, 5, 1, 1]),
        ],
      },
      'where another reads',
    ],
    [
      'a branch',
      {
        ...simple,
        initialisers: [drawn('w', [4, 4])],
        nodes: [
          node('MatMul', 'x w', 'a'),
          node('Relu', 'a', 'r'),
          node('MatMul', 'x w', 'b'),
          node('Sub', 'b r', 'y'),
        ],
      },
      'does not read the layer before it',
    ],
    ['strides that differ', { ...square, nodes: conv({ strides: [1, 2] }) }, 'strides of 1 × 2'],
    ['pads that differ', { ...square, nodes: conv({ pads: [0, 0, 1, 1] }) }, 'pads that differ: [0,0,1,1]'],
    ['dilations', { ...square, input: ['N', 2, 7, 7], nodes: conv({ dilations: [2, 2] }) }, 'has dilations'],
    [
      'an image that is made of a vector',
      {
        input: ['N', 32],
        nodes: [node('Reshape', 'x s', 'r'), node('Conv', 'r w', 'a'), node('Relu', 'a', 'y')],
        initialisers: [drawn('w', [4, 2, 3, 3]), integers('s', [-1, 2, 4, 4])],
      },
      "Conv 'a-node' reads what was reshaped",
    ],
    [
      'a pool of images with other channels',
      {
        ...square,
        nodes: [
          node('Conv', 'x w', 'a'),
          node('Reshape', 'a s', 'r'),
          node('AveragePool', 'r', 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
          node('Flatten', 'p', 'f'),
          node('MatMul', 'f v', 'y'),
        ],
        initialisers: [...square.initialisers, integers('s', [-1, 1, 4, 4]), drawn('v', [4, 3])],
      },
      "AveragePool 'p-node' reads what was reshaped",
    ],
    [
      'scales that are folded',
      {
        ...simple,
        nodes: [node('MatMul', 'x w', 'a'), node('Mul', 'a f', 'y')],
        initialisers: [drawn('w', [4, 3]), drawn('f', [3])],
      },
      "MatMul 'a-node' has folded weights that are not 32-bit floats",
    ],
    [
      'a mean for each pixel',
      {
        ...square,
        nodes: [node('Sub', 'x m', 's'), node('Conv', 's w', 'y')],
        initialisers: [...square.initialisers, drawn('m', [4, 4])],
      },
      "Sub 's-node' differs by pixel",
    ],
    [
      'a shift that differs within a channel',
      {
        ...square,
        nodes: [
          node('Conv', 'x w', 'a'),
          node('Add', 'a m', 's'),
          node('Flatten', 's', 'f'),
          node('MatMul', 'f v', 'y'),
        ],
        initialisers: [...square.initialisers, drawn('m', [4, 2, 2]), drawn('v', [16, 3])],
      },
      "Add 's-node' is not a layer",
    ],
    [
      'a negative deviation',
      {
        ...simple,
        nodes: [node('Div', 'x d', 's'), node('MatMul', 's w', 'y')],
        initialisers: [drawn('w', [4, 3]), floats('d', [1], [-1])],
      },
      "Div 's-node' divides by negative numbers",
    ],
  ])('%s', (_, model, words) => {
    const { network, misfit } = parseNetwork(bytesOf(model), 'some.onnx')
    expect(network).toBeUndefined()
    expect(misfit).toContain(words)
  })
})

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
