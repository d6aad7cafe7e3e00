/** Small models of operators that add up elements, in many forms. */
import { type TestModel, drawn, integers, node } from './model.testing.ts'

const image = ['N', 3, 6, 5]

export const sumModels: Readonly<Record<string, TestModel>> = {
  'Neg, Sum and Mean, of values and constants, broadcast': {
    input: ['N', 2, 3],
    nodes: [node('Neg', 'x', 'a'), node('Sum', 'a x c x', 's'), node('Mean', 's c x', 'm'), node('Sum', 'm', 'y')],
    initialisers: [drawn('c', [2, 1])],
  },
  'ReduceSum and ReduceMean by inputs': {
    input: image,
    opset: 18,
    nodes: [
      node('ReduceSum', 'x a', 'b', { keepdims: 0 }),
      node('ReduceMean', 'b c', 'd'),
      node('ReduceSum', 'd -', 'e', { noop_with_empty_axes: 1 }),
      node('ReduceMean', 'e empty', 'f', { noop_with_empty_axes: 1 }),
      node('Add', 'f k', 'y'),
    ],
    initialisers: [integers('a', [-2]), integers('c', [1]), integers('empty', []), drawn('k', [5])],
  },
  'ReduceMean and ReduceSum by attributes, and of all': {
    input: image,
    opset: 11,
    nodes: [
      node('ReduceMean', 'x', 'a', { axes: [3, 1] }),
      node('ReduceSum', 'a', 'b', { axes: [-2], keepdims: 0 }),
      node('ReduceMean', 'x', 'c'),
      node('Add', 'b c', 'y'),
    ],
  },
  'ConvTranspose with strides, pads, output padding and groups': {
    input: ['N', 4, 3, 4],
    nodes: [
      node('ConvTranspose', 'x w b', 'y', { strides: [2, 3], pads: [1, 0, 0, 2], output_padding: [1, 2], group: 2 }),
    ],
    initialisers: [drawn('w', [4, 3, 3, 4]), drawn('b', [6])],
  },
  'ConvTranspose with dilations, over one dimension': {
    input: ['N', 2, 5],
    nodes: [node('ConvTranspose', 'x w', 'y', { dilations: [2], strides: [3], pads: [2, 1] })],
    initialisers: [drawn('w', [2, 3, 3])],
  },
  'ConvTranspose with an output shape': {
    input: ['N', 2, 4, 4],
    nodes: [node('ConvTranspose', 'x w', 'y', { strides: [2, 2], output_shape: [8, 7] })],
    initialisers: [drawn('w', [2, 1, 3, 4])],
  },
  'ConvTranspose with an output shape and auto_pad': {
    input: ['N', 2, 4, 4],
    nodes: [node('ConvTranspose', 'x w', 'y', { strides: [2, 2], output_shape: [8, 7], auto_pad: 'SAME_UPPER' })],
    initialisers: [drawn('w', [2, 1, 3, 4])],
  },
  'ConvTranspose with auto_pad SAME_UPPER': {
    input: ['N', 2, 4, 4],
    nodes: [node('ConvTranspose', 'x w', 'y', { strides: [2, 2], auto_pad: 'SAME_UPPER' })],
    initialisers: [drawn('w', [2, 1, 3, 4])],
  },
  'ConvTranspose with auto_pad SAME_LOWER': {
    input: ['N', 2, 4, 4],
    nodes: [node('ConvTranspose', 'x w', 'y', { strides: [2, 1], auto_pad: 'SAME_LOWER' })],
    initialisers: [drawn('w', [2, 1, 3, 4])],
  },
  'Conv over three dimensions, with groups, strides, dilations and biases': {
    input: ['N', 4, 4, 5, 3],
    nodes: [
      node('Conv', 'x w b', 'y', { group: 2, strides: [2, 1, 1], dilations: [1, 2, 1], pads: [1, 0, 1, 0, 1, 0] }),
    ],
    initialisers: [drawn('w', [2, 2, 2, 2, 3]), drawn('b', [2])],
  },
  'AveragePool over three dimensions': {
    input: ['N', 2, 4, 5, 3],
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [2, 3, 2], strides: [2, 1, 1], pads: [1, 1, 0, 0, 1, 1] })],
  },
  'AveragePool with ceil_mode and pads': {
    input: ['N', 1, 6, 7],
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [3, 2], strides: [2, 3], pads: [1, 0, 0, 1], ceil_mode: 1 })],
  },
  'AveragePool with ceil_mode whose last window would begin in the padding': {
    input: ['N', 1, 4, 5],
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 })],
  },
  'Einsum of matrices, diagonals, sums and several constants': {
    input: ['N', 3, 4],
    nodes: [
      node('Einsum', 'x w', 'a', { equation: 'bij, jk -> bki' }),
      node('Einsum', 'v a u', 'b', { equation: 'kk,bki,i->bi' }),
      node('Einsum', 'b', 'c', { equation: 'ij->ji' }),
      node('Einsum', 'c u', 'd', { equation: 'ib,i' }),
      node('Einsum', 'w v', 'e', { equation: 'jk,kk->j' }),
      node('Mul', 'd e', 'y'),
    ],
    initialisers: [drawn('w', [4, 5]), drawn('v', [5, 5]), drawn('u', [3])],
  },
}
