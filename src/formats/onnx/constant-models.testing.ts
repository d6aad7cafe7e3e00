/** Small models of what depends on constants alone, in many forms. */
import { type TestModel, drawn, floats, integers, node } from './model.testing.ts'
import { BOOL, INT64, INT8, UINT8 } from './schema.ts'

const whole = (name: string, value: number, dataType = INT64) =>
  dataType === INT64
    ? { name, dims: [], dataType, int64Data: [value] }
    : { name, dims: [], dataType, int32Data: [value] }

export const constantModels: Readonly<Record<string, TestModel>> = {
  'a layer of constants, as constants': {
    input: ['N', 4],
    nodes: [
      node('Conv', 'c w b', 'd', { pads: [1, 1, 1, 1] }),
      node('Relu', 'd', 'e'),
      node('AveragePool', 'e', 'f', { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Flatten', 'f', 'g'),
      node('Gemm', 'g u', 'h'),
      node('Exp', 'h', 'i'),
      node('Add', 'x i', 'y'),
    ],
    initialisers: [
      drawn('c', [1, 1, 4, 4]),
      drawn('w', [2, 1, 3, 3]),
      drawn('b', [2]),
      floats(
        'u',
        [8, 4],
        Array.from({ length: 32 }, (_, i) => (i % 7) / 10),
      ),
    ],
  },
  'shapes by arithmetic of whole numbers': {
    input: ['N', 4, 6],
    nodes: [
      node('Shape', 'x', 's'),
      node('Slice', 's one three', 't'),
      node('ReduceProd', 't', 'p', { keepdims: 0 }),
      node('Div', 'p minusFive', 'q'),
      node('Mod', 'q three', 'r'),
      node('Add', 'r four', 'u'),
      node('Cast', 'u', 'v', { to: 6 }),
      node('Cast', 'v', 'w', { to: 7 }),
      node('Range', 'zero u4 uno', 'i'),
      node('Gather', 'x i', 'g', { axis: 2 }),
      node('ConstantOfShape', 'w', 'c', { value: floats('', [1], [0.5]) }),
      node('Size', 'x', 'n'),
      node('Cast', 'n', 'm', { to: 1 }),
      node('Mul', 'c m', 'd'),
      node('Concat', 'minus w', 'target', { axis: 0 }),
      node('Reshape', 'g target', 'h'),
      node('Add', 'h d', 'y'),
    ],
    initialisers: [
      ...[
        integers('one', [1]),
        integers('three', [3]),
        integers('minusFive', [-5]),
        integers('four', [1]),
        integers('minus', [-1]),
      ],
      ...[whole('zero', 0), whole('u4', 6), whole('uno', 2)],
    ],
  },
  'conditions on constants': {
    input: ['N', 3],
    nodes: [
      node('Equal', 'a b', 'c'),
      node('Not', 'c', 'd'),
      node('Or', 'c t', 'e'),
      node('And', 'd e', 'f'),
      node('Xor', 'f t', 'g'),
      node('Cast', 'g', 'h', { to: 1 }),
      node('Pow', 'h two', 'i'),
      node('Mul', 'x i', 'y'),
    ],
    initialisers: [
      ...[integers('a', [1, 2, 3]), integers('b', [1, 0, 3]), floats('two', [], [2])],
      { name: 't', dims: [3], dataType: BOOL, rawData: Uint8Array.of(0, 1, 1) },
    ],
  },
  'DequantizeLinear per tensor, and per axis': {
    input: ['N', 3],
    nodes: [
      node('DequantizeLinear', 'q s z', 'w'),
      node('DequantizeLinear', 'p t', 'v', { axis: 0 }),
      node('MatMul', 'x w', 'a'),
      node('MatMul', 'a v', 'y'),
    ],
    initialisers: [
      { name: 'q', dims: [3, 2], dataType: UINT8, int32Data: [0, 255, 128, 7, 90, 200] },
      ...[floats('s', [], [0.03]), { name: 'z', dims: [], dataType: UINT8, int32Data: [128] }],
      { name: 'p', dims: [2, 2], dataType: INT8, rawData: Uint8Array.from(Int8Array.of(-128, 127, 5, -6)) },
      floats('t', [2], [0.5, 0.01]),
    ],
  },
  'arithmetic of constants': {
    input: ['N', 3],
    nodes: [
      node('Add', 'a b', 'c'),
      node('Div', 'c d', 'e'),
      node('Mul', 'e a', 'f'),
      node('Sub', 'f b', 'g'),
      node('MatMul', 'x g', 'y'),
    ],
    initialisers: [drawn('a', [3, 1]), drawn('b', [2]), floats('d', [], [-3])],
  },
}
