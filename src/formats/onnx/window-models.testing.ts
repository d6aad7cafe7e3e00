/** Small models of convolutions, pooling and padding, in many forms. */
import { type TestModel, drawn, floats, integers, node } from './model.testing.ts'

const image = ['N', 3, 6, 5]

export const windowModels: Readonly<Record<string, TestModel>> = {
  Conv: {
    input: image,
    nodes: [node('Conv', 'x w b', 'y', { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 2, 1] })],
    initialisers: [drawn('w', [4, 3, 3, 2]), drawn('b', [4])],
  },
  'Conv with groups and dilations, without bias': {
    input: ['N', 4, 7, 8],
    nodes: [node('Conv', 'x w', 'y', { group: 2, dilations: [2, 3], pads: [1, 1, 1, 1] })],
    initialisers: [drawn('w', [6, 2, 2, 3])],
  },
  'Conv, one group per channel': {
    input: ['N', 4, 5, 5],
    nodes: [node('Conv', 'x w', 'y', { group: 4, kernel_shape: [3, 3] })],
    initialisers: [drawn('w', [8, 1, 3, 3])],
  },
  'Conv over one dimension': {
    input: ['N', 2, 9],
    nodes: [node('Conv', 'x w b', 'y', { strides: [2], pads: [1, 2], dilations: [2] })],
    initialisers: [drawn('w', [3, 2, 3]), drawn('b', [3])],
  },
  'Conv with auto_pad SAME_UPPER': {
    input: image,
    nodes: [node('Conv', 'x w', 'y', { auto_pad: 'SAME_UPPER', strides: [2, 2] })],
    initialisers: [drawn('w', [2, 3, 3, 4])],
  },
  'Conv with auto_pad SAME_LOWER': {
    input: ['N', 1, 7, 6],
    nodes: [node('Conv', 'x w', 'y', { auto_pad: 'SAME_LOWER', strides: [1, 2] })],
    initialisers: [drawn('w', [2, 1, 2, 2])],
  },
  'Conv with auto_pad VALID': {
    input: image,
    nodes: [node('Conv', 'x w', 'y', { auto_pad: 'VALID', strides: [1, 2] })],
    initialisers: [drawn('w', [2, 3, 2, 2])],
  },
  AveragePool: {
    input: image,
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [2, 3], strides: [2, 1] })],
  },
  'AveragePool with padding that does not count': {
    input: image,
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [3, 2], strides: [1, 2], pads: [1, 0, 2, 1] })],
  },
  'AveragePool with padding that counts': {
    input: image,
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 })],
  },
  'AveragePool with dilations': {
    input: image,
    opset: 19,
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [2, 2], dilations: [2, 3], pads: [1, 1, 0, 0] })],
  },
  'AveragePool with auto_pad, over one dimension': {
    input: ['N', 2, 7],
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [3], strides: [2], auto_pad: 'SAME_UPPER' })],
  },
  'AveragePool with ceil_mode that changes nothing': {
    input: ['N', 2, 6, 6],
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 })],
  },
  GlobalAveragePool: { input: image, nodes: [node('GlobalAveragePool', 'x', 'y')] },
  'Pad by inputs': {
    input: ['N', 2, 3, 4],
    nodes: [node('Pad', 'x p v', 'y')],
    initialisers: [integers('p', [0, 1, 0, 2, 0, 0, 3, -1]), floats('v', [], [0.75])],
  },
  'Pad of some axes': {
    input: ['N', 2, 3, 4],
    opset: 18,
    nodes: [node('Pad', 'x p - axes', 'y')],
    initialisers: [integers('p', [1, 2, 3, 0]), integers('axes', [-1, 2])],
  },
  'Pad by attributes, of opset 10': {
    input: ['N', 2, 3],
    opset: 10,
    nodes: [node('Pad', 'x', 'y', { pads: [0, 0, 1, 0, 2, 0], value: -0.5 })],
  },
}
