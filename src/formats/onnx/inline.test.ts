/** Local functions of a model. */
import { expect, test } from 'vitest'
import { parseNetwork } from './import.ts'
import { drawn, expectAsOracle, floats, modelOf, node } from './model.testing.ts'
import {
  type FunctionProto,
  type ModelProto,
  type NodeProto,
  type Partially,
  attributeTypes,
  encodeModel,
} from './schema.ts'

const reference = (name: string, refAttrName: string, type: number) => ({ name, refAttrName, type })
const bend: Partially<FunctionProto> = {
  ...{ name: 'Bend', domain: 'local', input: ['in', 'shift'], output: ['out', 'inner'] },
  attribute: ['axis'],
  attributeProto: [{ name: 'slope', type: attributeTypes.f, f: 0.25 }],
  opsetImport: [{ domain: '', version: 13 }],
  node: [
    node('Constant', '', 'k', { value: floats('', [2], [1, 2]) }),
    node('Add', 'in shift', 'inner'),
    { ...node('LeakyRelu', 'inner', 'mid'), attribute: [reference('alpha', 'slope', attributeTypes.f)] },
    { ...node('ReduceMax', 'mid', 'top'), attribute: [{ name: 'axes', type: attributeTypes.ints, ints: [1] }] },
    { ...node('Softmax', 'k', 'weights'), attribute: [reference('axis', 'axis', attributeTypes.i)] },
    node('ReduceSum', 'weights', 'one', { keepdims: 0 }),
    node('Mul', 'mid one', 'same'),
    node('Sub', 'same top', 'out'),
  ],
}
const twice: Partially<FunctionProto> = {
  ...{ name: 'Twice', domain: 'local', input: ['in', 's'], output: ['out'] },
  opsetImport: [{ domain: 'local', version: 1 }],
  node: [call('Bend', ['in', 's'], ['mid', 'more']), call('Bend', ['mid', 's'], ['out', 'rest'], { slope: 0.5 })],
}
function call(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes = {},
): Partially<NodeProto> {
  const attribute = Object.entries(attributes).map(([name, f]) => ({ name, f: f as number, type: attributeTypes.f }))
  return { opType, domain: 'local', name: `${output[0]}-call`, input, output, attribute }
}
const model = (nodes: readonly Partially<NodeProto>[], functions: readonly Partially<FunctionProto>[]) => {
  const made = modelOf({ input: ['N', 4], nodes, initialisers: [drawn('w', [4])] })
  return encodeModel({
    ...made,
    opsetImport: [
      { domain: '', version: 13 },
      { domain: 'local', version: 1 },
    ],
    functions,
  } as Partially<ModelProto>)
}

test('local functions are inlined, with their attributes, as often as they are called', async () => {
  const nodes = [call('Twice', ['x', 'w'], ['a']), call('Bend', ['a', 'w'], ['b', 'c']), node('Add', 'b c', 'y')]
  const bytes = model(nodes, [bend, twice])
  await expectAsOracle(parseNetwork(bytes, 'test.onnx').graph, bytes, [1, 4])
})

test.each([
  ['calls itself', { ...twice, node: [call('Twice', ['in', 's'], ['out'])] }, "'Twice' lies too deep, or calls itself"],
  [
    'is of another opset',
    { ...twice, opsetImport: [{ domain: '', version: 14 }] },
    "'Twice' uses opset 14, the model 13",
  ],
  ['has too few inputs', { ...twice, input: ['in'] }, "calls the local function 'Twice' with more than it has"],
  ['is not there', { ...twice, name: 'Other' }, "not supported: local.Twice ('y-call')"],
])('a local function that %s is refused', (_, changed, words) => {
  const bytes = model([call('Twice', ['x', 'w'], ['y'])], [changed, bend])
  expect(() => parseNetwork(bytes, 'test.onnx')).toThrow(words)
})
