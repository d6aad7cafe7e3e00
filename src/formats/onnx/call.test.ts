/** Nodes that are refused, for their inputs or their attributes. */
import { test } from 'vitest'
import { type TestModel, bytesOf, drawn, floats, integers, node } from './model.testing.ts'
import { expectRefused, simpleWith } from './refused.testing.ts'

const twice = (made: TestModel['nodes'][number]) => ({
  ...made,
  attribute: [...made.attribute!, ...made.attribute!],
})
const image = (...nodes: TestModel['nodes']) =>
  bytesOf({ input: ['N', 2, 4, 4], nodes, initialisers: [drawn('w', [4, 2, 3, 3]), drawn('m', [2, 4, 3])] })

test.each<[string, Uint8Array, string]>([
  ['shapes that do not fit', simpleWith({ input: ['N', 5] }), "MatMul 'a-node' multiplies [1,5] and [4,3]"],
  [
    'a sum that does not fit',
    simpleWith({ nodes: [node('MatMul', 'x w', 'a'), node('Add', 'a x', 'y')] }),
    "Add 'y-node' combines [1,3] and [1,4]: the shapes do not fit",
  ],
  [
    'a product of computed values',
    simpleWith({ nodes: [node('Mul', 'x x', 'y')] }),
    "not supported: Mul of two computed values ('y-node')",
  ],
  [
    'a matrix of computed values',
    simpleWith({ input: [4, 4], nodes: [node('MatMul', 'x x', 'y')] }),
    "not supported: MatMul of two computed values ('y-node')",
  ],
  [
    'whole numbers that float64 does not hold',
    simpleWith({
      nodes: [node('Sub', 'a b', 'c'), node('Cast', 'c', 'd', { to: 1 }), node('Add', 'x d', 'y')],
      initialisers: [integers('a', [2 ** 53 + 2]), integers('b', [2 ** 53])],
    }),
    "Sub 'c-node' computes with 9007199254740994: that is too large to be exact",
  ],
  [
    'whole numbers that their type does not hold',
    simpleWith({
      nodes: [node('Add', 'a a', 'c'), node('Cast', 'c', 'd', { to: 1 }), node('Add', 'x d', 'y')],
      initialisers: [{ name: 'a', dims: [1], dataType: 2, int32Data: [200] }],
    }),
    "Add 'c-node' makes 400, which its type cannot hold",
  ],
  [
    'a sign that depends on the input',
    simpleWith({
      nodes: [node('Relu', 'x', 'r'), node('Sub', 'r s', 'a'), node('Sign', 'a', 'y')],
      initialisers: [floats('s', [1], [0.5])],
    }),
    "not supported: Sign ('y-node')",
  ],
  [
    'the sign of a ReLU that may be 0',
    simpleWith({ nodes: [node('Relu', 'x', 'r'), node('Sign', 'r', 'y')] }),
    "not supported: Sign ('y-node')",
  ],
  [
    'a computed divisor',
    simpleWith({ nodes: [node('Div', 'w x', 'y')], input: [4, 3] }),
    "not supported: Div by a computed value ('y-node')",
  ],
  [
    'all of what is no linear piece, also behind one another',
    simpleWith({
      nodes: [
        node('MatMul', 'x w', 'a'),
        node('Sigmoid', 'a', 'b'),
        node('Mul', 'a b', 'c'),
        node('Softmax', 'c', 'd'),
        node('Greater', 'd a', 'e'),
        node('Where', 'e w2 a', 'f'),
        node('TopK', 'f k', 'g'),
        node('Conv', 'g w', 'h'),
        node('Tanh', 'h', 'y'),
      ],
      initialisers: [drawn('w', [4, 3]), drawn('w2', [3]), integers('k', [1])],
    }),
    "not supported: TopK ('g-node'), Sigmoid ('b-node'), Mul of two computed values ('c-node'), Softmax ('d-node')",
  ],
  [
    'division by zero',
    simpleWith({ nodes: [node('Div', 'x d', 'y')], initialisers: [floats('d', [4], [1, 2, 0, 1])] }),
    "Div 'y-node' divides by zero",
  ],
  [
    'a further output',
    simpleWith({ nodes: [{ ...node('Dropout', 'x', 'd'), output: ['d', 'mask'] }, node('Relu', 'mask', 'y')] }),
    "Relu 'y-node' reads 'mask', a further output of its node",
  ],
  [
    'an attribute of another type',
    simpleWith({ nodes: [node('Gemm', 'x w', 'y', { transB: 'yes' })] }),
    "attribute 'transB'",
  ],
  ['an unknown attribute', simpleWith({ nodes: [node('Relu', 'x', 'y', { slope: 1 })] }), 'not known here: slope'],
  [
    'an attribute twice',
    simpleWith({ nodes: [twice(node('Gemm', 'x w', 'y', { transB: 1 }))] }),
    'has an attribute twice',
  ],
  [
    'an input too many',
    simpleWith({ opset: 12, nodes: [node('Squeeze', 'x s', 'y')], initialisers: [integers('s', [0])] }),
    "Squeeze 'y-node' has an input that is not known here: 's'",
  ],
  [
    'strides beyond the kernel with automatic padding',
    image(node('Conv', 'x w', 'y', { auto_pad: 'SAME_LOWER', strides: [1, 5] })),
    "strides beyond its kernel with auto_pad 'SAME_LOWER'",
  ],
  [
    'training',
    simpleWith({
      nodes: [node('Dropout', 'x - t', 'y')],
      initialisers: [{ name: 't', dims: [], dataType: 6, int32Data: [1] }],
    }),
    'training mode',
  ],
  [
    'a reshape that loses elements',
    simpleWith({ nodes: [node('Reshape', 'x s', 'y')], initialisers: [integers('s', [3, 1])] }),
    'cannot make [3,1] of [1,4]',
  ],
  [
    'a reshape that does not divide',
    simpleWith({ nodes: [node('Reshape', 'x s', 'y')], initialisers: [integers('s', [3, -1])] }),
    'cannot make [3,-1] of [1,4]',
  ],
  ['a kernel that does not fit', image(node('Conv', 'x w', 'y', { dilations: [2, 2] })), 'does not fit into [4,4]'],
  ['channels that do not fit', image(node('Conv', 'x w', 'y', { group: 2 })), 'has weights of [4,2,3,3] in 2 groups'],
  ['strides of zero', image(node('Conv', 'x w', 'y', { strides: [0, 1] })), 'has strides [0,1]'],
  ['negative pads', image(node('Conv', 'x w', 'y', { pads: [1, 1, -1, 1] })), 'has pads [1,1,-1,1]'],
  ['a kernel of another size', image(node('Conv', 'x w', 'y', { kernel_shape: [3, 2] })), 'that its weights have not'],
  [
    'dilations with automatic padding',
    image(node('Conv', 'x w', 'y', { auto_pad: 'SAME_UPPER', dilations: [2, 2] })),
    "dilations with auto_pad 'SAME_UPPER'",
  ],
  [
    'windows beyond the padding',
    image(node('AveragePool', 'x', 'y', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, count_include_pad: 1 })),
    'ceil_mode = 1',
  ],
  [
    'windows of padding alone',
    image(node('AveragePool', 'x', 'y', { kernel_shape: [1, 1], pads: [1, 1, 1, 1] })),
    'windows of padding alone',
  ],
  ['a kind of padding that is none', image(node('Pad', 'x m', 'y', { mode: 'mirror' })), "pads by 'mirror'"],
  ['a permutation that is none', image(node('Transpose', 'x', 'y', { perm: [0, 1, 1, 2] })), 'perm [0,1,1,2]'],
  ['an axis that is none', image(node('Concat', 'x x', 'y', { axis: 4 })), 'has axis 4, but there are 4'],
  ['a concatenation that does not fit', image(node('Concat', 'x m', 'y', { axis: 0 })), 'joins [1,2,4,4] and [2,4,3]'],
  [
    'a small file that makes a huge network',
    simpleWith({
      input: ['N', 2 ** 22, 1],
      nodes: Array.from({ length: 40 }, (_, i) =>
        node('Concat', `${i ? i - 1 : 'x'} ${i ? i - 1 : 'x'}`, `${i}`, { axis: 1 }),
      ),
    }),
    'too large',
  ],
])('%s: refused', (_, bytes, words) => expectRefused(bytes, words))
