/** Models of several inputs and outputs, and of branches. */
import { InferenceSession, Tensor } from 'onnxruntime-web'
import { describe, expect, test } from 'vitest'
import { evaluateGraph } from '../../model/graph.ts'
import { parseNetwork } from './import.ts'
import {
  type TestModel,
  bytesOf,
  drawn,
  drawnInputs,
  expectAsOracle,
  node,
  relativeError,
  typed,
} from './model.testing.ts'
import { BOOL, type GraphProto, type Partially, attributeTypes, encodeModel } from './schema.ts'

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
    const bytes = bytesOf(model(1))
    await expectAsOracle(parseNetwork(bytes, 'test.onnx').graph, bytes, [1, 4])
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
