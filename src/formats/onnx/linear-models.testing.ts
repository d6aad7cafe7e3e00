/** Small models of operators that place, copy and add up elements, in many forms. */
import { type TestModel, drawn, floats, integers, node } from './model.testing.ts'
import { BOOL, INT32, INT64, INT8, UINT8 } from './schema.ts'

const image = ['N', 3, 6, 5]
const whole = (name: string, value: number, dataType = INT64) =>
  dataType === INT64
    ? { name, dims: [], dataType, int64Data: [value] }
    : { name, dims: [], dataType, int32Data: [value] }

export const linearModels: Readonly<Record<string, TestModel>> = {
  'Slice by inputs, with negative and large ends, and steps': {
    input: image,
    nodes: [node('Slice', 'x s e a t', 'b'), node('Slice', 'b s2 e2 a2 t2', 'y')],
    initialisers: [
      ...[integers('s', [-1, 1]), integers('e', [-(2 ** 40), 2 ** 40]), integers('a', [3, -2]), integers('t', [-2, 2])],
      ...[integers('s2', [1]), integers('e2', [3]), integers('a2', [1]), integers('t2', [1])],
    ],
  },
  'Slice by attributes, of opset 9': {
    input: image,
    opset: 9,
    nodes: [
      node('Slice', 'x', 'a', { starts: [1, -3], ends: [3, -1], axes: [1, 3] }),
      node('Slice', 'a', 'y', { starts: [0, 1], ends: [1, 2] }),
    ],
  },
  'Split into parts that are given, all of them read': {
    input: ['N', 5, 2],
    nodes: [
      { ...node('Split', 'x s', 'a', { axis: 1 }), output: ['a', 'b', 'c'] },
      node('Concat', 'c a b', 'y', { axis: 1 }),
    ],
    initialisers: [integers('s', [2, 1, 2])],
  },
  'Split into equal parts, of opset 11': {
    input: ['N', 6],
    opset: 11,
    nodes: [{ ...node('Split', 'x', 'a', { axis: -1 }), output: ['a', 'b'] }, node('Sub', 'a b', 'y')],
  },
  'Split by attribute, of opset 11': {
    input: ['N', 6],
    opset: 11,
    nodes: [
      { ...node('Split', 'x', 'a', { axis: 1, split: [4, 2] }), output: ['a', 'b'] },
      node('Concat', 'b a', 'y', { axis: 1 }),
    ],
  },
  'Split into so many, the last one smaller': {
    input: ['N', 5],
    opset: 18,
    nodes: [
      { ...node('Split', 'x', 'a', { axis: 1, num_outputs: 3 }), output: ['a', 'b', 'c'] },
      node('Concat', 'c b a', 'y', { axis: 1 }),
    ],
  },
  'Gather of a value, along an axis, by indices of two dimensions': {
    input: image,
    nodes: [node('Gather', 'x i', 'y', { axis: 2 })],
    initialisers: [{ name: 'i', dims: [2, 2], dataType: INT64, int64Data: [0, -1, 3, 3] }],
  },
  'Gather of one element': {
    input: image,
    nodes: [node('Gather', 'x i', 'y', { axis: -1 })],
    initialisers: [whole('i', -2, INT32)],
  },
  'GatherElements and GatherND': {
    input: ['N', 3, 4],
    nodes: [node('GatherElements', 'x i', 'a', { axis: 2 }), node('GatherND', 'a j', 'y')],
    initialisers: [
      { name: 'i', dims: [1, 2, 3], dataType: INT64, int64Data: [0, -1, 2, 3, 1, 1] },
      { name: 'j', dims: [3, 2], dataType: INT64, int64Data: [0, 1, 0, 0, -1, -2] },
    ],
  },
  'Expand of a value and of a constant': {
    input: ['N', 1, 3],
    nodes: [node('Expand', 'x s', 'a'), node('Expand', 'c t', 'd'), node('Add', 'a d', 'y')],
    initialisers: [integers('s', [2, 1, 4, 1]), integers('t', [4, 3]), drawn('c', [4, 1])],
  },
  Tile: { input: ['N', 2, 3], nodes: [node('Tile', 'x r', 'y')], initialisers: [integers('r', [1, 2, 3])] },
  'DepthToSpace and SpaceToDepth': {
    input: ['N', 8, 2, 3],
    nodes: [
      node('DepthToSpace', 'x', 'a', { blocksize: 2 }),
      node('SpaceToDepth', 'a', 'b', { blocksize: 2 }),
      node('DepthToSpace', 'b', 'y', { blocksize: 2, mode: 'CRD' }),
    ],
  },
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
  ...Object.fromEntries(
    ['reflect', 'edge', 'wrap'].map((mode) => [
      `Pad by '${mode}'`,
      {
        input: ['N', 2, 3, 4],
        opset: mode === 'wrap' ? 19 : 13,
        nodes: [node('Pad', 'x p', 'y', { mode })],
        initialisers: [integers('p', [0, 1, 0, 2, 0, 0, 2, 3])],
      },
    ]),
  ),
  ...Object.fromEntries(
    ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'half_pixel_symmetric'].flatMap((place) =>
      ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].map((round) => [
        `Resize by '${place}' and '${round}', by scales and by sizes`,
        {
          input: ['N', 2, 3, 4],
          opset: 19,
          nodes: [
            node('Resize', 'x - s', 'a', { coordinate_transformation_mode: place, nearest_mode: round }),
            node('Resize', 'a - - z', 'y', { coordinate_transformation_mode: place, nearest_mode: round }),
          ],
          initialisers: [floats('s', [4], [1, 1, 2.3, 0.7]), integers('z', [1, 2, 4, 7])],
        },
      ]),
    ),
  ),
  'Resize of some axes': {
    input: ['N', 2, 3, 4],
    opset: 18,
    nodes: [node('Resize', 'x - s', 'y', { axes: [3, -2] })],
    initialisers: [floats('s', [2], [2, 1.5])],
  },
  'Resize of opset 10': {
    input: ['N', 2, 3, 4],
    opset: 10,
    nodes: [node('Resize', 'x s', 'y')],
    initialisers: [floats('s', [4], [1, 1, 1.5, 2])],
  },
  'Resize of opset 11': {
    input: ['N', 2, 3, 4],
    opset: 11,
    nodes: [node('Resize', 'x r s', 'y', { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' })],
    initialisers: [floats('r', [0], []), floats('s', [4], [1, 1, 2, 2])],
  },
  'Upsample of opset 9': {
    input: ['N', 2, 3, 4],
    opset: 9,
    nodes: [node('Upsample', 'x s', 'y')],
    initialisers: [floats('s', [4], [1, 1, 2, 3])],
  },
  'Upsample of opset 7': {
    input: ['N', 2, 3, 4],
    opset: 7,
    nodes: [node('Upsample', 'x', 'y', { scales: [1, 1, 2, 1.5] })],
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
  'Where by a constant condition': {
    input: ['N', 2, 3],
    nodes: [node('Where', 'c x w', 'a'), node('Where', 'c w v', 'b'), node('Where', 'd a b', 'y')],
    initialisers: [
      { name: 'c', dims: [3], dataType: BOOL, int32Data: [1, 0, 1] },
      { name: 'd', dims: [2, 1, 1], dataType: BOOL, int32Data: [0, 1] },
      ...[drawn('w', [2, 1]), drawn('v', [3])],
    ],
  },
  'Pad of a constant': {
    input: ['N', 3],
    nodes: [node('Pad', 'w p', 'v'), node('MatMul', 'x v', 'y')],
    initialisers: [drawn('w', [2, 3]), integers('p', [1, 0, 0, 1])],
  },
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
}
