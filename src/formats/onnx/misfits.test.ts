/** Which imported networks are not made of our layers, and what is said of them. */
import { describe, expect, test } from 'vitest'
import { parseNetwork } from './import.ts'
import { type TestModel, bytesOf, drawn, floats, integers, node } from './model.testing.ts'

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
