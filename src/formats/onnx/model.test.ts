/** Models that are refused for what they are, whatever their operators do. */
import { test } from 'vitest'
import { drawn, floats, modelOf, node } from './model.testing.ts'
import { expectRefused, simple, simpleWith } from './refused.testing.ts'
import { type ModelProto, type Partially, encodeModel } from './schema.ts'

type Graph = NonNullable<Partially<ModelProto>['graph']>
const withGraph = (change: (graph: Graph) => Graph) => {
  const model = modelOf(simple)
  return encodeModel({ ...model, graph: change(model.graph!) })
}
const tensor = (change: object) => simpleWith({ initialisers: [{ ...drawn('w', [4, 3]), ...change }] })

test.each<[string, Uint8Array, string]>([
  ['an empty file', new Uint8Array(), 'not an ONNX model: it is empty'],
  ['another file', new TextEncoder().encode('surely some other file'), 'not an ONNX model'],
  ['a file cut short', simpleWith({}).subarray(0, 60), 'not an ONNX model, or cut short'],
  ['a model without graph', encodeModel({ irVersion: 8 }), 'it holds no graph'],
  ['an old opset', simpleWith({ opset: 6 }), 'opset 6 is not supported: export it with 7 to 26'],
  ['a new opset', simpleWith({ opset: 27 }), 'opset 27 is not supported'],
  [
    'operators of another domain alone',
    encodeModel({ ...modelOf(simple), opsetImport: [{ domain: 'ai.onnx.ml', version: 3 }] }),
    'no opset of the domain ai.onnx',
  ],
  [
    'unsupported operators, all at once',
    simpleWith({
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
    simpleWith({ nodes: [node('Add', 'x b', 'a'), node('Relu', 'a', 'b'), node('Relu', 'b', 'y')] }),
    "the graph is cyclic: Add 'a-node' reads 'b', which is made from its own output",
  ],
  ['a node that reads itself', simpleWith({ nodes: [node('Add', 'x y', 'y')] }), 'the graph is cyclic'],
  [
    'an undefined name',
    simpleWith({ nodes: [node('Add', 'x b', 'y')] }),
    "Add 'y-node' reads 'b', which nothing makes",
  ],
  ['an output that nothing makes', simpleWith({ output: 'z' }), "no node makes the output 'z'"],
  [
    'a name made twice',
    simpleWith({ nodes: [node('Relu', 'x', 'y'), node('Relu', 'x', 'y')] }),
    "makes 'y', which exists",
  ],
  ['a weight made again', simpleWith({ nodes: [node('Relu', 'x', 'w')] }), "makes 'w', which exists already"],
  [
    'a weight given twice',
    simpleWith({ initialisers: [drawn('w', [4, 3]), drawn('w', [4, 3])] }),
    "'w' is given twice",
  ],
  ['no output', withGraph((graph) => ({ ...graph, output: [] })), 'the network has no output'],
  ['sparse weights', withGraph((graph) => ({ ...graph, sparseInitializer: [{}] })), 'sparse initialisers'],
  ['an input without shape', withGraph((graph) => ({ ...graph, input: [{ name: 'x' }] })), "'x' has no shape"],
  [
    'an input of integers',
    withGraph((graph) => ({ ...graph, input: [{ name: 'x', type: { tensorType: { elemType: 7, shape: {} } } }] })),
    "the input 'x' is of type 7",
  ],
  ['an open dimension', simpleWith({ input: ['N', 'length'] }), "dimension 1 of the input 'x' is length"],
  ['a single open dimension', simpleWith({ input: ['N'] }), "dimension 0 of the input 'x' is N"],
  ['an absurd input', simpleWith({ input: ['N', 2 ** 20, 2 ** 20] }), 'too large'],
  ['too many dimensions', simpleWith({ input: Array.from({ length: 17 }, () => 1) }), 'more than 16 dimensions'],
  ['NaN', tensor({ rawData: floats('', [12], [Number.NaN]).rawData }), "initialiser 'w' of shape [4,3] has 1 values"],
  [
    'NaN among the weights',
    simpleWith({ initialisers: [floats('w', [4, 3], [0, Number.NaN, ...Array.from({ length: 10 }, () => 0)])] }),
    "the initialiser 'w' holds NaN at element 1",
  ],
  [
    'infinity',
    simpleWith({ initialisers: [floats('w', [4, 3], [...Array.from({ length: 11 }, () => 0), -Infinity])] }),
    "MatMul 'a-node' reads 'w', which holds infinity",
  ],
  ['weights in another file', tensor({ dataLocation: 1, rawData: new Uint8Array() }), 'external data off'],
  ['strings', tensor({ dataType: 8 }), "the initialiser 'w' is of type 8"],
  ['missing weights', tensor({ rawData: new Uint8Array() }), 'of shape [4,3] has 0 values, not 12'],
  ['an absurd shape', tensor({ dims: [2 ** 40, 2 ** 40] }), "initialiser 'w' has the shape"],
  ['a negative shape', tensor({ dims: [-4, -3] }), "initialiser 'w' has the shape [-4,-3]"],
])('%s is refused', (_, bytes, words) => expectRefused(bytes, words))
