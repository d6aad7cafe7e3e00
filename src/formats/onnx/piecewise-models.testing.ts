/** Small models of operators that are made of ReLUs, in many forms. */
import { type TestModel, drawn, floats, integers, node } from './model.testing.ts'

const image = ['N', 3, 6, 5]
const number = (name: string, value: number) => floats(name, [], [value])

/** One operator behind a layer that something else reads too, so that its input must stay what it is. */
const between = (
  made: ReturnType<typeof node>,
  ...initialisers: NonNullable<TestModel['initialisers']>
): TestModel => ({
  input: ['N', 4],
  nodes: [node('Gemm', 'x w b', 'h'), made, node('Add', 'h a', 'y')],
  initialisers: [drawn('w', [4, 5]), drawn('b', [5]), ...initialisers],
})
/** One operator behind a layer that nothing else reads. */
const alone = (made: ReturnType<typeof node>, ...initialisers: NonNullable<TestModel['initialisers']>): TestModel => ({
  input: ['N', 4],
  nodes: [node('Gemm', 'x w b', 'h'), made, node('Mul', 'a f', 'y')],
  initialisers: [drawn('w', [4, 5]), drawn('b', [5]), drawn('f', [5]), ...initialisers],
})

export const piecewiseModels: Readonly<Record<string, TestModel>> = {
  Abs: between(node('Abs', 'h', 'a')),
  'Abs of what nothing else reads': alone(node('Abs', 'h', 'a')),
  'LeakyRelu with the usual slope': alone(node('LeakyRelu', 'h', 'a')),
  'LeakyRelu with a slope above 1': between(node('LeakyRelu', 'h', 'a', { alpha: 1.5 })),
  'PRelu with slopes of any sign': alone(node('PRelu', 'h s', 'a'), floats('s', [5], [0.1, -2, 0, 3, 1])),
  'PRelu per channel': {
    input: image,
    nodes: [node('PRelu', 'x s', 'y')],
    initialisers: [drawn('s', [3, 1, 1])],
  },
  'Clip to an interval': between(node('Clip', 'h lo hi', 'a'), number('lo', -0.5), number('hi', 0.75)),
  'Clip from below': alone(node('Clip', 'h lo', 'a'), number('lo', -0.5)),
  'Clip from above': alone(node('Clip', 'h - hi', 'a'), number('hi', 0.25)),
  'Clip from 0 to infinity': alone(node('Clip', 'h lo hi', 'a'), number('lo', 0), number('hi', Infinity)),
  'Clip without ends': alone(node('Clip', 'h', 'a')),
  'Clip whose ends are the wrong way round': alone(
    node('Clip', 'h lo hi', 'a'),
    number('lo', 0.5),
    number('hi', -0.25),
  ),
  'Clip by attributes, of opset 10': {
    ...alone(node('Clip', 'h', 'a', { min: -0.5, max: 0.5 })),
    opset: 10,
  },
  'Clip by one attribute, of opset 7': { ...alone(node('Clip', 'h', 'a', { max: 0.5 })), opset: 7 },
  HardSigmoid: between(node('HardSigmoid', 'h', 'a')),
  'HardSigmoid, falling': alone(node('HardSigmoid', 'h', 'a', { alpha: -0.7, beta: 0.2 })),
  'Max with 0, of one number and of many': between(node('Max', 'h c', 'a'), drawn('c', [5])),
  'Max of values and constants': {
    input: ['N', 4],
    nodes: [
      node('Gemm', 'x w', 'h'),
      node('Gemm', 'x v', 'i'),
      node('Max', 'h c i x d', 'a'),
      node('Min', 'a e h', 'b'),
      node('Min', 'x', 'k'),
      node('Add', 'b k', 'y'),
    ],
    initialisers: [drawn('w', [4, 4]), drawn('v', [4, 4], 2), drawn('c', [1]), drawn('d', [4], 3), drawn('e', [4], 4)],
  },
  'Max and Min that broadcast': {
    input: ['N', 2, 3],
    nodes: [node('MatMul', 'x w', 'a'), node('Max', 'a x', 'b'), node('Min', 'b c', 'y')],
    initialisers: [drawn('w', [3, 1]), drawn('c', [4, 1, 3])],
  },
  'ReduceMax by attribute, and ReduceMin by an input': {
    input: image,
    opset: 18,
    nodes: [node('ReduceMax', 'x a', 'b', { keepdims: 0 }), node('ReduceMin', 'b c', 'y')],
    initialisers: [integers('a', [1]), integers('c', [-1])],
  },
  'ReduceMin of all, of opset 11': {
    input: ['N', 7],
    opset: 11,
    nodes: [
      node('ReduceMin', 'x', 'a', { keepdims: 0 }),
      node('ReduceMax', 'x', 'b', { axes: [1] }),
      node('Add', 'a b', 'y'),
    ],
  },
  'Where that is a ReLU, a leaky one, an absolute value and a maximum': {
    input: ['N', 4],
    nodes: [
      node('Gemm', 'x w b', 'h'),
      node('Greater', 'h zero', 'c'),
      node('Where', 'c h zero', 'i'),
      node('Mul', 'h s', 'j'),
      node('LessOrEqual', 'zero h', 'd'),
      node('Where', 'd h j', 'k'),
      node('Neg', 'h', 'n'),
      node('Less', 'h zero', 'e'),
      node('Where', 'e n h', 'l'),
      node('GreaterOrEqual', 'h i', 'f'),
      node('Not', 'c', 'nc'),
      node('Where', 'nc zero h', 'm'),
      node('Greater', 'j b', 'g'),
      node('Where', 'g j b', 'o'),
      node('Less', 'j h', 'p'),
      node('Where', 'p j h', 'q'),
      node('Sum', 'i k l m o q', 'y'),
    ],
    initialisers: [drawn('w', [4, 5]), drawn('b', [5]), number('zero', 0), number('s', 0.125)],
  },
  'Sign of what is above or below 0 whatever the input': {
    input: ['N', 4],
    nodes: [
      node('Relu', 'x', 'r'),
      node('Mul', 'r f', 'm'),
      node('Add', 'm s', 'a'),
      node('Sign', 'a', 'b'),
      node('Sign', 's', 'c'),
      node('Sum', 'x b c', 'y'),
    ],
    initialisers: [floats('f', [4], [2, -3, 0, 0]), floats('s', [4], [0.5, -0.25, 1, -1])],
  },
  MaxPool: { input: image, nodes: [node('MaxPool', 'x', 'y', { kernel_shape: [2, 3], strides: [2, 1] })] },
  'MaxPool of negative numbers with padding, which never wins': {
    input: image,
    nodes: [
      node('Sub', 'x c', 'a'),
      node('MaxPool', 'a', 'y', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] }),
    ],
    initialisers: [number('c', 10)],
  },
  'MaxPool with dilations and ceil_mode': {
    input: image,
    nodes: [
      node('MaxPool', 'x', 'y', {
        kernel_shape: [2, 2],
        dilations: [2, 3],
        strides: [3, 2],
        pads: [0, 1, 1, 0],
        ceil_mode: 1,
      }),
    ],
  },
  'MaxPool with auto_pad, over one dimension': {
    input: ['N', 2, 7],
    nodes: [node('MaxPool', 'x', 'y', { kernel_shape: [3], strides: [2], auto_pad: 'SAME_LOWER' })],
  },
  'MaxPool over three dimensions': {
    input: ['N', 1, 3, 4, 4],
    nodes: [node('MaxPool', 'x', 'y', { kernel_shape: [2, 2, 2], strides: [1, 2, 2] })],
  },
  'MaxPool of one element': {
    input: image,
    nodes: [node('MaxPool', 'x', 'y', { kernel_shape: [1, 1], strides: [2, 3] })],
  },
  GlobalMaxPool: { input: image, nodes: [node('GlobalMaxPool', 'x', 'y')] },
}
