/** What models have besides operators: several inputs and outputs, branches, local functions, an ending. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { endOutputs } from '../../model/ending.ts'
import { evaluateGraph } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import {
  type TestModel,
  bytesOf,
  drawn,
  drawnInputs,
  floats,
  modelOf,
  node,
  relativeError,
  runOracle,
} from './model.testing.ts'
import {
  BFLOAT16,
  BOOL,
  FLOAT,
  FLOAT16,
  type FunctionProto,
  type GraphProto,
  INT16,
  INT32,
  type ModelProto,
  type NodeProto,
  type Partially,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  attributeTypes,
  encodeModel,
} from './schema.ts'

const typed = (name: string, dims?: readonly number[]) => ({
  name,
  type: { tensorType: { elemType: FLOAT, ...(dims && { shape: { dim: dims.map((dimValue) => ({ dimValue })) } }) } },
})

async function expectAsOracle(bytes: Uint8Array, shape: readonly number[]): Promise<void> {
  const { graph } = parseNetwork(bytes, 'test.onnx')
  const inputs = drawnInputs(
    shape.reduce((a, b) => a * b, 1),
    5,
  )
  const expected = await runOracle(bytes, shape, inputs)
  inputs.forEach((input, i) => {
    const outputs = endOutputs(graph.ending, evaluateGraph(graph, input).at(-1)!)
    expect(relativeError(outputs, expected[i])).toBeLessThan(1e-5)
  })
}

describe('several inputs and outputs', () => {
  const bytes = encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'several',
      node: [node('MatMul', 'b w', 'p'), node('Relu', 'p', 'q'), node('Add', 'q a', 'r')],
      initializer: [drawn('w', [2, 3]), drawn('c', [2])],
      input: [typed('b', [1, 2]), typed('idle', [1, 2, 2]), typed('a', [3])],
      output: [typed('r'), typed('c'), typed('p'), typed('a')],
    },
  })

  test('are one after another, in the file’s order', async () => {
    const { graph } = parseNetwork(bytes, 'test.onnx')
    expect(graph.inputShape).toEqual([9])
    const [input] = drawnInputs(9, 1)
    const session = await InferenceSession.create(bytes)
    const made = await session.run({
      b: new Tensor('float32', Float32Array.from(input.subarray(0, 2)), [1, 2]),
      idle: new Tensor('float32', Float32Array.from(input.subarray(2, 6)), [1, 2, 2]),
      a: new Tensor('float32', Float32Array.from(input.subarray(6)), [3]),
    })
    await session.release()
    const expected = ['r', 'c', 'p', 'a'].flatMap((name) => [...(made[name].data as Float32Array)])
    expect(relativeError(evaluateGraph(graph, input).at(-1)!, expected)).toBeLessThan(1e-6)
  })

  test('one output is chosen by its name', () => {
    const [input] = drawnInputs(9, 1)
    const of = (output: string) => evaluateGraph(parseNetwork(bytes, 'test.onnx', { output }).graph, input).at(-1)!
    expect([...of('a')]).toEqual([...input.subarray(6)])
    expect(of('p')).toHaveLength(3)
    expect(() => of('s')).toThrow("test.onnx: unknown output 's'")
  })
})

/** A node with a graph for each of its two branches. */
const branch = (condition: string, output: string, yes: Partially<GraphProto>, no: Partially<GraphProto>) => ({
  ...node('If', condition, output),
  attribute: [
    { name: 'then_branch', type: attributeTypes.g, g: { name: 'yes', ...yes } },
    { name: 'else_branch', type: attributeTypes.g, g: { name: 'no', ...no } },
  ],
})
const truth = (name: string, value: number) => ({ name, dims: [], dataType: BOOL, int32Data: [value] })

describe('If with a constant condition', () => {
  const idle: Partially<GraphProto> = { node: [node('Identity', 'h', 'z')], output: [typed('z')] }
  const more: Partially<GraphProto> = { node: [node('Add', 's h', 'u')], output: [typed('u')] }
  const inner: Partially<GraphProto> = {
    node: [node('Mul', 'h f', 's'), branch('no', 't', idle, more)],
    initializer: [drawn('f', [3])],
    output: [typed('t')],
  }
  const model = (condition: number): TestModel => ({
    input: ['N', 4],
    nodes: [
      node('MatMul', 'x w', 'h'),
      branch('yes', 'a', inner, { node: [node('Sigmoid', 'h', 'v')], output: [typed('v')] }),
      node('Relu', 'a', 'y'),
    ],
    initialisers: [drawn('w', [4, 3]), truth('yes', condition), truth('no', 0)],
  })

  test('is the branch that it takes, which reads what lies around it', async () => {
    await expectAsOracle(bytesOf(model(1)), [1, 4])
  })

  test('refuses what the branch that it takes has', () => {
    expect(() => parseNetwork(bytesOf(model(0)), 'test.onnx')).toThrow("not supported: Sigmoid ('v-node')")
  })

  test('a computed condition is refused', () => {
    const nodes = [node('Greater', 'x w', 'c'), branch('c', 'y', {}, {})]
    const bytes = bytesOf({ input: [1], nodes, initialisers: [drawn('w', [1])] })
    expect(() => parseNetwork(bytes, 'test.onnx')).toThrow("If on a computed condition ('y-node')")
  })
})

describe('local functions', () => {
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

  test('are inlined, with their attributes, as often as they are called', async () => {
    const nodes = [call('Twice', ['x', 'w'], ['a']), call('Bend', ['a', 'w'], ['b', 'c']), node('Add', 'b c', 'y')]
    await expectAsOracle(model(nodes, [bend, twice]), [1, 4])
  })

  test.each([
    [
      'calls itself',
      { ...twice, node: [call('Twice', ['in', 's'], ['out'])] },
      "'Twice' lies too deep, or calls itself",
    ],
    [
      'is of another opset',
      { ...twice, opsetImport: [{ domain: '', version: 14 }] },
      "'Twice' uses opset 14, the model 13",
    ],
    ['has too few inputs', { ...twice, input: ['in'] }, "calls the local function 'Twice' with more than it has"],
    ['is not there', { ...twice, name: 'Other' }, "not supported: local.Twice ('y-call')"],
  ])('one that %s is refused', (_, changed, words) => {
    const bytes = model([call('Twice', ['x', 'w'], ['y'])], [changed, bend])
    expect(() => parseNetwork(bytes, 'test.onnx')).toThrow(words)
  })
})

describe('a softmax', () => {
  const ending = (made: Partially<NodeProto>, more: Partial<TestModel> = {}) =>
    bytesOf({
      input: ['N', 4],
      nodes: [node('MatMul', 'x w', 'a'), made],
      initialisers: [drawn('w', [4, 3])],
      ...more,
    })

  test.each([
    ['Softmax', ending(node('Softmax', 'a', 'y')), 'softmax'],
    ['LogSoftmax', ending(node('LogSoftmax', 'a', 'y', { axis: 1 })), 'log-softmax'],
    ['Softmax of opset 11', ending(node('Softmax', 'a', 'y', { axis: 0 }), { opset: 11 }), 'softmax'],
    ['Softmax of the input', ending(node('Softmax', 'x', 'y'), { opset: 11 }), 'softmax'],
  ])('%s at the end is an ending', async (_, bytes, expected) => {
    expect(parseNetwork(bytes, 'test.onnx').graph.ending).toBe(expected)
    await expectAsOracle(bytes, [1, 4])
  })

  test('relabelled outputs, too', async () => {
    const nodes = [node('MatMul', 'x w', 'a'), node('Softmax', 'a', 'b'), node('Flatten', 'b', 'y', { axis: 0 })]
    await expectAsOracle(ending(nodes[1], { nodes }), [1, 4])
  })

  test.each<[string, Uint8Array]>([
    [
      'in the middle',
      ending(node('Softmax', 'a', 'b'), { nodes: [node('Softmax', 'x', 'b'), node('MatMul', 'b w', 'y')] }),
    ],
    ['over another axis', ending(node('Softmax', 'a', 'y', { axis: 0 }))],
    ['over a part', ending(node('Softmax', 'x', 'y'), { input: ['N', 2, 4], nodes: [node('Softmax', 'x', 'y')] })],
  ])('%s is refused', (_, bytes) => {
    expect(() => parseNetwork(bytes, 'test.onnx')).toThrow(/not supported: Softmax \('[by]-node'\)/)
  })
})

test('constants of all types, in either field, are what they are', async () => {
  const bits = (name: string, dataType: number, raw: Uint8Array, field: readonly number[]) => [
    { name: `${name}Raw`, dims: [3], dataType, rawData: raw },
    {
      name,
      dims: [3],
      dataType,
      ...([UINT32, UINT64].includes(dataType) ? { uint64Data: field } : { int32Data: field }),
    },
  ]
  const half = Uint16Array.of(0x3c00, 0xc248, 0x0001)
  const brain = Uint16Array.of(0x3f80, 0xc049, 0x7f00)
  const tensors = [
    ...bits('half', FLOAT16, new Uint8Array(half.buffer), [...half]),
    ...bits('brain', BFLOAT16, new Uint8Array(brain.buffer), [...brain]),
    ...bits('u8', UINT8, Uint8Array.of(0, 200, 255), [0, 200, 255]),
    ...bits('i16', INT16, new Uint8Array(Int16Array.of(-32768, 5, 32767).buffer), [-32768, 5, 32767]),
    ...bits('u16', UINT16, new Uint8Array(Uint16Array.of(0, 5, 65535).buffer), [0, 5, 65535]),
    ...bits('i32', INT32, new Uint8Array(Int32Array.of(-7, 5, 2 ** 30).buffer), [-7, 5, 2 ** 30]),
    ...bits('u32', UINT32, new Uint8Array(Uint32Array.of(0, 5, 2 ** 31).buffer), [0, 5, 2 ** 31]),
    ...bits('u64', UINT64, new Uint8Array(BigUint64Array.of(0n, 5n, 2n ** 40n).buffer), [0, 5, 2 ** 40]),
    ...bits('bool', BOOL, Uint8Array.of(0, 1, 1), [0, 1, 1]),
  ]
  const nodes = [
    ...tensors.map(({ name }) => node('Cast', name, `${name}F`, { to: FLOAT })),
    ...tensors.map(({ name }) => node('Add', `x ${name}F`, `${name}X`)),
    node('Concat', tensors.map(({ name }) => `${name}X`).join(' '), 'y', { axis: 0 }),
  ]
  const { graph } = parseNetwork(bytesOf({ input: [3], nodes, initialisers: tensors }), 'test.onnx')
  const made = evaluateGraph(graph, [0, 0, 0]).at(-1)!
  for (let i = 0; i < tensors.length; i += 2) {
    expect([...made.subarray(3 * i, 3 * i + 3)], tensors[i].name).toEqual([...made.subarray(3 * i + 3, 3 * i + 6)])
  }
  // ONNX Runtime does not cast the second one on every machine
  expect([...made.subarray(0, 12)]).toEqual([
    1,
    -3.140625,
    2 ** -24,
    1,
    -3.140625,
    2 ** -24,
    ...[1, -3.140625, 2 ** 127],
    ...[1, -3.140625, 2 ** 127],
  ])
  const known = tensors.filter(({ dataType }) => dataType !== BFLOAT16)
  const join = node('Concat', known.map(({ name }) => `${name}X`).join(' '), 'y', { axis: 0 })
  const used = nodes.filter(
    ({ input, output }) => output![0] !== 'y' && !input!.some((name) => name.startsWith('brain')),
  )
  await expectAsOracle(bytesOf({ input: [3], nodes: [...used, join], initialisers: known }), [3])
})
