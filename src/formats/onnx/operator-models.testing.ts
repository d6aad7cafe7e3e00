/** Small models of every operator that is imported, in many forms. */
import { type TestModel, doubles, drawn, floats, integers, node } from './model.testing.ts'

const image = ['N', 3, 6, 5]
const positive = (name: string, count: number) =>
  floats(
    name,
    [count],
    Array.from({ length: count }, (_, i) => 0.3 + i),
  )

export const operatorModels: Readonly<Record<string, TestModel>> = {
  Gemm: {
    input: ['N', 4],
    nodes: [node('Gemm', 'x w b', 'y', { transB: 1 })],
    initialisers: [drawn('w', [3, 4]), drawn('b', [3])],
  },
  'Gemm not transposed, with factors, a bias of one number': {
    input: [1, 4],
    nodes: [node('Gemm', 'x w b', 'y', { alpha: 0.7, beta: -1.3 })],
    initialisers: [drawn('w', [4, 3]), drawn('b', [1])],
  },
  'Gemm without bias, a scalar bias, and a bias of rank 2, of opset 11': {
    input: ['N', 4],
    opset: 11,
    nodes: [node('Gemm', 'x w', 'a'), node('Gemm', 'a v s', 'b'), node('Gemm', 'b u c', 'y', { beta: 0.5 })],
    initialisers: [drawn('w', [4, 3]), drawn('v', [3, 3]), drawn('s', []), drawn('u', [3, 2]), drawn('c', [1, 2])],
  },
  'Gemm with its constant on the left, both transposed': {
    input: [4, 5],
    nodes: [node('Gemm', 'w x c', 'y', { transA: 1, transB: 1, alpha: 2 })],
    initialisers: [drawn('w', [5, 3]), drawn('c', [3, 1])],
  },
  'Gemm of a transposed value, adding a computed one': {
    input: [4, 3],
    nodes: [
      node('Gemm', 'x w', 'a', { transA: 1 }),
      node('Relu', 'a', 'b'),
      node('Gemm', 'b v a', 'y', { beta: -0.5 }),
    ],
    initialisers: [drawn('w', [4, 2]), drawn('v', [2, 2])],
  },
  'MatMul and Add': {
    input: ['N', 4],
    nodes: [node('MatMul', 'x w', 'a'), node('Add', 'b a', 'y')],
    initialisers: [drawn('w', [4, 3]), drawn('b', [3])],
  },
  'MatMul from the left, as a column': {
    input: ['N', 4, 1],
    nodes: [node('MatMul', 'w x', 'a'), node('Add', 'a b', 'y')],
    initialisers: [drawn('w', [3, 4]), drawn('b', [3, 1])],
  },
  'MatMul of several rows': {
    input: ['N', 2, 3, 4],
    nodes: [node('MatMul', 'x w', 'y')],
    initialisers: [drawn('w', [4, 3])],
  },
  'MatMul of several columns': {
    input: ['N', 2, 3, 4],
    nodes: [node('MatMul', 'w x', 'y')],
    initialisers: [drawn('w', [1, 1, 5, 3])],
  },
  'MatMul of vectors': {
    input: [4],
    nodes: [
      node('MatMul', 'x w', 'a'),
      node('Relu', 'a', 'r'),
      node('MatMul', 'v r', 'b'),
      node('Unsqueeze', 'b axes', 'c'),
      node('MatMul', 'c u', 'd'),
      node('Unsqueeze', 'd axes', 'y'),
    ],
    initialisers: [drawn('w', [4, 3]), drawn('v', [2, 3]), drawn('u', [2]), integers('axes', [0])],
  },
  'arithmetic per channel': {
    input: image,
    nodes: [
      node('Sub', 'x m', 'a'),
      node('Div', 'a d', 'b'),
      node('Mul', 'f b', 'c'),
      node('Sub', 's c', 'e'),
      node('Add', 'e p', 'y'),
    ],
    initialisers: [
      drawn('m', [3, 1, 1]),
      floats('d', [1, 3, 1, 1], [0.5, -2, 3]),
      drawn('f', [5]),
      drawn('s', [6, 1]),
      drawn('p', [3, 6, 5]),
    ],
  },
  'arithmetic that enlarges': {
    input: ['N', 1, 4],
    nodes: [node('Add', 'x a', 'u'), node('Mul', 'u f', 'v'), node('Sub', 'b v', 'y')],
    initialisers: [drawn('a', [3, 1]), drawn('f', [2, 1, 1, 1]), drawn('b', [2, 1, 3, 4])],
  },
  'a residual sum, a difference, and a value added to itself': {
    input: ['N', 4],
    nodes: [
      node('Gemm', 'x w b', 'a'),
      node('Relu', 'a', 'r'),
      node('Gemm', 'r v', 'c'),
      node('Add', 'c x', 'd'),
      node('Relu', 'd', 'e'),
      node('Sub', 'e a', 'f'),
      node('Add', 'f f', 'y'),
    ],
    initialisers: [drawn('w', [4, 4]), drawn('b', [4]), drawn('v', [4, 4])],
  },
  'a residual sum that broadcasts': {
    input: ['N', 2, 3],
    nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'r'), node('Sub', 'r x', 'y')],
    initialisers: [drawn('w', [3, 1])],
  },
  'a layer whose value is read again after it was shifted': {
    input: ['N', 4],
    nodes: [
      node('Gemm', 'x w', 'a', { transB: 1 }),
      node('Add', 'a b', 'c'),
      node('Relu', 'c', 'r'),
      node('Identity', 'a', 'i'),
      node('Mul', 'i f', 'k'),
      node('Add', 'r k', 'y'),
    ],
    initialisers: [drawn('w', [4, 4]), drawn('b', [4]), drawn('f', [4])],
  },
  'BatchNormalization behind Conv and Gemm, and alone': {
    input: image,
    nodes: [
      node('BatchNormalization', 'x s0 b0 m0 v0', 'a'),
      node('Conv', 'a w c', 'd'),
      node('BatchNormalization', 'd s1 b1 m1 v1', 'e', { epsilon: 0.01 }),
      node('Relu', 'e', 'f'),
      node('Flatten', 'f', 'g'),
      node('Gemm', 'g u', 'h'),
      node('BatchNormalization', 'h s0 b0 m0 v0', 'y', { epsilon: 0.001 }),
    ],
    initialisers: [
      ...[drawn('s0', [3]), drawn('b0', [3]), drawn('m0', [3]), positive('v0', 3)],
      ...[drawn('s1', [4]), drawn('b1', [4]), drawn('m1', [4]), positive('v1', 4)],
      ...[drawn('w', [4, 3, 3, 3]), drawn('c', [4]), drawn('u', [48, 3])],
    ],
  },
  'Conv with scales per channel, and shifts that differ by pixel': {
    input: image,
    nodes: [node('Conv', 'x w', 'a'), node('Mul', 'a f', 'b'), node('Add', 'b p', 'c'), node('Relu', 'c', 'y')],
    initialisers: [drawn('w', [2, 3, 3, 3]), drawn('f', [2, 1, 1]), drawn('p', [4, 3])],
  },
  'Flatten, Reshape, Squeeze and Unsqueeze by inputs': {
    input: ['N', 2, 3, 4],
    opset: 18,
    nodes: [
      node('Flatten', 'x', 'a', { axis: -2 }),
      node('Reshape', 'a s1', 'b'),
      node('Unsqueeze', 'b u', 'c'),
      node('Squeeze', 'c q', 'd'),
      node('Squeeze', 'd', 'e'),
      node('Reshape', 'e s2', 'f'),
      node('MatMul', 'f w', 'y'),
    ],
    initialisers: [
      ...[integers('s1', [1, 0, -1, 2]), integers('u', [0, -1]), integers('q', [0, 1]), integers('s2', [1, -1])],
      drawn('w', [24, 3]),
    ],
  },
  'Squeeze and Unsqueeze by attributes, of opset 7': {
    input: [1, 6],
    opset: 7,
    nodes: [
      node('Unsqueeze', 'x', 'a', { axes: [0, 2] }),
      node('Squeeze', 'a', 'b', { axes: [1] }),
      node('Mul', 'b f', 'y'),
    ],
    initialisers: [drawn('f', [6])],
  },
  Transpose: {
    input: ['N', 3, 4, 2],
    nodes: [
      node('Transpose', 'x', 'a', { perm: [0, 2, 3, 1] }),
      node('Transpose', 'a', 'b'),
      node('Transpose', 'w', 'v'),
      node('MatMul', 'b v', 'y'),
    ],
    initialisers: [drawn('w', [5, 1])],
  },
  'Transpose that only relabels, as of channels last': {
    input: ['N', 4, 4, 1],
    nodes: [node('Transpose', 'x', 'a', { perm: [0, 3, 1, 2] }), node('Conv', 'a w', 'y')],
    initialisers: [drawn('w', [2, 1, 3, 3])],
  },
  'Concat of values and constants, along each axis': {
    input: ['N', 2, 3],
    nodes: [
      node('Mul', 'x f', 'a'),
      node('Concat', 'x c a', 'b', { axis: 1 }),
      node('Relu', 'b', 'r'),
      node('Concat', 'r b d r', 'y', { axis: -1 }),
    ],
    initialisers: [drawn('f', [3]), drawn('c', [1, 2, 3]), drawn('d', [1, 6, 1])],
  },
  'Constant, Identity, Dropout and Cast': {
    input: ['N', 4],
    opset: 12,
    nodes: [
      node('Constant', '', 'c', { value_float: 1.5 }),
      node('Constant', '', 'l', { value_floats: [1, -2, 3, -4] }),
      node('Constant', '', 'i', { value_ints: [4, 1] }),
      node('Constant', '', 't', { value: doubles('', [4, 1], [1.25, -2.5, 3, 0]) }),
      node('Cast', 't', 'f', { to: 1 }),
      node('Reshape', 'f i', 'w'),
      node('Identity', 'x', 'a'),
      node('Dropout', 'a', 'b'),
      node('Mul', 'b c', 'd'),
      node('Add', 'd l', 'e'),
      node('MatMul', 'e w', 'y'),
    ],
  },
  'a shape that is put together while the network runs': {
    input: ['N', 2, 3],
    nodes: [
      node('Shape', 'x', 's'),
      node('Gather', 's zero', 'n', { axis: 0 }),
      node('Unsqueeze', 'n axes', 'l'),
      node('Concat', 'l minus', 't', { axis: 0 }),
      node('Reshape', 'x t', 'a'),
      node('Gemm', 'a w', 'y'),
    ],
    initialisers: [
      { name: 'zero', dims: [], dataType: 7, int64Data: [0] },
      ...[integers('axes', [0]), integers('minus', [-1]), drawn('w', [6, 2])],
    ],
  },
  'nodes in any order, and some that nothing needs': {
    input: ['N', 3],
    output: 'y',
    nodes: [node('Relu', 'a', 'y'), node('MatMul', 'x w', 'a'), node('Sigmoid', 'x', 'z')],
    initialisers: [drawn('w', [3, 2]), drawn('unused', [2, 2])],
  },
  'an input that is the output': { input: ['N', 3], nodes: [node('Identity', 'x', 'y')] },
}
