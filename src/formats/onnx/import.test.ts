/** What import refuses. */
import { describe, expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { importOnnx, parseNetwork } from './import.ts'
import { type TestModel, bytesOf, drawn, floats, integers, modelOf, node } from './model.testing.ts'
import { type ModelProto, type Partially, encodeModel } from './schema.ts'

const simple: TestModel = {
  input: ['N', 4],
  nodes: [node('MatMul', 'x w', 'a'), node('Relu', 'a', 'y')],
  initialisers: [drawn('w', [4, 3])],
}
const of = (change: Partial<TestModel>) => bytesOf({ ...simple, ...change })
type Graph = NonNullable<Partially<ModelProto>['graph']>
const withGraph = (change: (graph: Graph) => Graph) => {
  const model = modelOf(simple)
  return encodeModel({ ...model, graph: change(model.graph!) })
}
const tensor = (change: object) => of({ initialisers: [{ ...drawn('w', [4, 3]), ...change }] })
const twice = (made: TestModel['nodes'][number]) => ({
  ...made,
  attribute: [...made.attribute!, ...made.attribute!],
})
const image = (...nodes: TestModel['nodes']) =>
  bytesOf({ input: ['N', 2, 4, 4], nodes, initialisers: [drawn('w', [4, 2, 3, 3]), drawn('m', [2, 4, 3])] })

describe('refuses in one line that names the file:', () => {
  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), 'not an ONNX model: it is empty'],
    ['another file', new TextEncoder().encode('surely some other file'), 'not an ONNX model'],
    ['a file cut short', of({}).subarray(0, 60), 'not an ONNX model, or cut short'],
    ['a model without graph', encodeModel({ irVersion: 8 }), 'it holds no graph'],
    ['an old opset', of({ opset: 6 }), 'opset 6 is not supported: export it with 7 to 26'],
    ['a new opset', of({ opset: 27 }), 'opset 27 is not supported'],
    [
      'operators of another domain alone',
      encodeModel({ ...modelOf(simple), opsetImport: [{ domain: 'ai.onnx.ml', version: 3 }] }),
      'no opset of the domain ai.onnx',
    ],
    [
      'unsupported operators, all at once',
      of({
        nodes: [
          node('Sigmoid', 'x', 'a'),
          node('Tanh', 'a', 'b'),
          node('Sigmoid', 'b', 'c'),
          { ...node('Relu', 'c', 'y'), domain: 'com.example' },
        ],
      }),
      "not supported: com.example.Relu ('y-node'), Sigmoid ('a-node', 'c-node'), Tanh ('b-node')",
    ],
    [
      'a cycle',
      of({ nodes: [node('Add', 'x b', 'a'), node('Relu', 'a', 'b'), node('Relu', 'b', 'y')] }),
      "the graph is cyclic: Add 'a-node' reads 'b', which is made from its own output",
    ],
    ['a node that reads itself', of({ nodes: [node('Add', 'x y', 'y')] }), 'the graph is cyclic'],
    ['an undefined name', of({ nodes: [node('Add', 'x b', 'y')] }), "Add 'y-node' reads 'b', which nothing makes"],
    ['an output that nothing makes', of({ output: 'z' }), "no node makes the output 'z'"],
    ['a name made twice', of({ nodes: [node('Relu', 'x', 'y'), node('Relu', 'x', 'y')] }), "makes 'y', which exists"],
    ['a weight made again', of({ nodes: [node('Relu', 'x', 'w')] }), "makes 'w', which exists already"],
    ['a weight given twice', of({ initialisers: [drawn('w', [4, 3]), drawn('w', [4, 3])] }), "'w' is given twice"],
    ['no output', withGraph((graph) => ({ ...graph, output: [] })), 'the network has no output'],
    ['sparse weights', withGraph((graph) => ({ ...graph, sparseInitializer: [{}] })), 'sparse initialisers'],
    ['an input without shape', withGraph((graph) => ({ ...graph, input: [{ name: 'x' }] })), "'x' has no shape"],
    [
      'an input of integers',
      withGraph((graph) => ({ ...graph, input: [{ name: 'x', type: { tensorType: { elemType: 7, shape: {} } } }] })),
      "the input 'x' is of type 7",
    ],
    ['an open dimension', of({ input: ['N', 'length'] }), "dimension 1 of the input 'x' is length"],
    ['a single open dimension', of({ input: ['N'] }), "dimension 0 of the input 'x' is N"],
    ['an absurd input', of({ input: ['N', 2 ** 20, 2 ** 20] }), 'too large'],
    ['too many dimensions', of({ input: Array.from({ length: 17 }, () => 1) }), 'more than 16 dimensions'],
    ['NaN', tensor({ rawData: floats('', [12], [Number.NaN]).rawData }), "initialiser 'w' of shape [4,3] has 1 values"],
    [
      'NaN among the weights',
      of({ initialisers: [floats('w', [4, 3], [0, Number.NaN, ...Array.from({ length: 10 }, () => 0)])] }),
      "the initialiser 'w' holds NaN at element 1",
    ],
    [
      'infinity',
      of({ initialisers: [floats('w', [4, 3], [...Array.from({ length: 11 }, () => 0), -Infinity])] }),
      "MatMul 'a-node' reads 'w', which holds infinity",
    ],
    ['weights in another file', tensor({ dataLocation: 1, rawData: new Uint8Array() }), 'external data off'],
    ['strings', tensor({ dataType: 8 }), "the initialiser 'w' is of type 8"],
    ['missing weights', tensor({ rawData: new Uint8Array() }), 'of shape [4,3] has 0 values, not 12'],
    ['an absurd shape', tensor({ dims: [2 ** 40, 2 ** 40] }), "initialiser 'w' has the shape"],
    ['a negative shape', tensor({ dims: [-4, -3] }), "initialiser 'w' has the shape [-4,-3]"],
    ['shapes that do not fit', of({ input: ['N', 5] }), "MatMul 'a-node' multiplies [1,5] and [4,3]"],
    [
      'a sum that does not fit',
      of({ nodes: [node('MatMul', 'x w', 'a'), node('Add', 'a x', 'y')] }),
      "Add 'y-node' combines [1,3] and [1,4]: the shapes do not fit",
    ],
    [
      'a product of computed values',
      of({ nodes: [node('Mul', 'x x', 'y')] }),
      "not supported: Mul of two computed values ('y-node')",
    ],
    [
      'a matrix of computed values',
      of({ input: [4, 4], nodes: [node('MatMul', 'x x', 'y')] }),
      "not supported: MatMul of two computed values ('y-node')",
    ],
    [
      'whole numbers that float64 does not hold',
      of({
        nodes: [node('Sub', 'a b', 'c'), node('Cast', 'c', 'd', { to: 1 }), node('Add', 'x d', 'y')],
        initialisers: [integers('a', [2 ** 53 + 2]), integers('b', [2 ** 53])],
      }),
      "Sub 'c-node' computes with 9007199254740994: that is too large to be exact",
    ],
    [
      'whole numbers that their type does not hold',
      of({
        nodes: [node('Add', 'a a', 'c'), node('Cast', 'c', 'd', { to: 1 }), node('Add', 'x d', 'y')],
        initialisers: [{ name: 'a', dims: [1], dataType: 2, int32Data: [200] }],
      }),
      "Add 'c-node' makes 400, which its type cannot hold",
    ],
    [
      'a sign that depends on the input',
      of({
        nodes: [node('Relu', 'x', 'r'), node('Sub', 'r s', 'a'), node('Sign', 'a', 'y')],
        initialisers: [floats('s', [1], [0.5])],
      }),
      "not supported: Sign ('y-node')",
    ],
    [
      'the sign of a ReLU that may be 0',
      of({ nodes: [node('Relu', 'x', 'r'), node('Sign', 'r', 'y')] }),
      "not supported: Sign ('y-node')",
    ],
    [
      'a computed divisor',
      of({ nodes: [node('Div', 'w x', 'y')], input: [4, 3] }),
      "not supported: Div by a computed value ('y-node')",
    ],
    [
      'all of what is no linear piece, also behind one another',
      of({
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
      of({ nodes: [node('Div', 'x d', 'y')], initialisers: [floats('d', [4], [1, 2, 0, 1])] }),
      "Div 'y-node' divides by zero",
    ],
    [
      'a further output',
      of({ nodes: [{ ...node('Dropout', 'x', 'd'), output: ['d', 'mask'] }, node('Relu', 'mask', 'y')] }),
      "Relu 'y-node' reads 'mask', a further output of its node",
    ],
    [
      'an attribute of another type',
      of({ nodes: [node('Gemm', 'x w', 'y', { transB: 'yes' })] }),
      "attribute 'transB'",
    ],
    ['an unknown attribute', of({ nodes: [node('Relu', 'x', 'y', { slope: 1 })] }), 'not known here: slope'],
    ['an attribute twice', of({ nodes: [twice(node('Gemm', 'x w', 'y', { transB: 1 }))] }), 'has an attribute twice'],
    [
      'an input too many',
      of({ opset: 12, nodes: [node('Squeeze', 'x s', 'y')], initialisers: [integers('s', [0])] }),
      "Squeeze 'y-node' has an input that is not known here: 's'",
    ],
    [
      'strides beyond the kernel with automatic padding',
      image(node('Conv', 'x w', 'y', { auto_pad: 'SAME_LOWER', strides: [1, 5] })),
      "strides beyond its kernel with auto_pad 'SAME_LOWER'",
    ],
    [
      'training',
      of({
        nodes: [node('Dropout', 'x - t', 'y')],
        initialisers: [{ name: 't', dims: [], dataType: 6, int32Data: [1] }],
      }),
      'training mode',
    ],
    [
      'a reshape that loses elements',
      of({ nodes: [node('Reshape', 'x s', 'y')], initialisers: [integers('s', [3, 1])] }),
      'cannot make [3,1] of [1,4]',
    ],
    [
      'a reshape that does not divide',
      of({ nodes: [node('Reshape', 'x s', 'y')], initialisers: [integers('s', [3, -1])] }),
      'cannot make [3,-1] of [1,4]',
    ],
    ['a kernel that does not fit', image(node('Conv', 'x w', 'y', { dilations: [2, 2] })), 'does not fit into [4,4]'],
    ['channels that do not fit', image(node('Conv', 'x w', 'y', { group: 2 })), 'has weights of [4,2,3,3] in 2 groups'],
    ['strides of zero', image(node('Conv', 'x w', 'y', { strides: [0, 1] })), 'has strides [0,1]'],
    ['negative pads', image(node('Conv', 'x w', 'y', { pads: [1, 1, -1, 1] })), 'has pads [1,1,-1,1]'],
    [
      'a kernel of another size',
      image(node('Conv', 'x w', 'y', { kernel_shape: [3, 2] })),
      'that its weights have not',
    ],
    [
      'dilations with automatic padding',
      image(node('Conv', 'x w', 'y', { auto_pad: 'SAME_UPPER', dilations: [2, 2] })),
      "dilations with auto_pad 'SAME_UPPER'",
    ],
    [
      'windows beyond the padding',
      image(
        node('AveragePool', 'x', 'y', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, count_include_pad: 1 }),
      ),
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
    [
      'a concatenation that does not fit',
      image(node('Concat', 'x m', 'y', { axis: 0 })),
      'joins [1,2,4,4] and [2,4,3]',
    ],
    [
      'a small file that makes a huge network',
      of({
        input: ['N', 2 ** 22, 1],
        nodes: Array.from({ length: 40 }, (_, i) =>
          node('Concat', `${i ? i - 1 : 'x'} ${i ? i - 1 : 'x'}`, `${i}`, { axis: 1 }),
        ),
      }),
      'too large',
    ],
  ])('%s', (_, bytes, words) => {
    const parse = () => parseNetwork(bytes, 'some.onnx')
    expect(parse).toThrow(UserError)
    expect(parse).toThrow(words)
    expect(parse).toThrow(/^some\.onnx: .*[^\n]$/)
  })
})

test('a file of very many tiny parts is refused before they fill the memory', () => {
  // A graph of empty nodes, two bytes each.
  const size = 2 ** 24
  const length = [0, 7, 14, 21, 28].map((shift) => ((size >> shift) & 127) | (shift < 28 ? 128 : 0))
  const bytes = Buffer.concat([Buffer.of(0x3a, ...length), Buffer.alloc(size, Buffer.of(0x0a, 0))])
  expect(() => parseNetwork(bytes, 'some.onnx')).toThrow('more than 4194304 parts')
})

test('a file that is missing is named', () => {
  expect(() => importOnnx('/none.onnx')).toThrow(new UserError('cannot read /none.onnx: there is no such file'))
})

test('NaN in weights that the output does not need is no matter', () => {
  const { graph } = parseNetwork(of({ initialisers: [drawn('w', [4, 3]), floats('v', [1], [Number.NaN])] }), 'a.onnx')
  expect(graph.nodes).toHaveLength(2)
})
