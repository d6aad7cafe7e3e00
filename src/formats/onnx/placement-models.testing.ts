/** Small models of operators that place, copy and choose elements, in many forms. */
import { type TestModel, drawn, floats, integers, node } from './model.testing.ts'
import { BOOL, INT32, INT64 } from './schema.ts'

const image = ['N', 3, 6, 5]

const whole = (name: string, value: number, dataType = INT64) =>
  dataType === INT64
    ? { name, dims: [], dataType, int64Data: [value] }
    : { name, dims: [], dataType, int32Data: [value] }

export const placementModels: Readonly<Record<string, TestModel>> = {
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
}
