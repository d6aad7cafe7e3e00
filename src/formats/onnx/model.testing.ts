/** Small ONNX models for tests, and what ONNX Runtime makes of them. */
import { InferenceSession, Tensor } from 'onnxruntime-web'
import { expect } from 'vitest'
import { Random } from '../../base/random.ts'
import { endOutputs } from '../../model/ending.ts'
import { type Graph, evaluateGraph } from '../../model/graph.ts'
import {
  DOUBLE,
  FLOAT,
  INT64,
  type AttributeProto,
  type ModelProto,
  type NodeProto,
  type Partially,
  type TensorProto,
  attributeTypes,
  encodeModel,
} from './schema.ts'

/** Numbers are floats where the attribute's name says so, and whole ones elsewhere. */
type AttributeValue = number | string | readonly number[] | Partially<TensorProto>

const FLOATS = ['alpha', 'beta', 'epsilon', 'value_float', 'value_floats', 'value', 'ratio', 'min', 'max', 'scales']

function attribute(name: string, value: AttributeValue): Partially<AttributeProto> {
  const float = FLOATS.includes(name)
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: attributeTypes.s }
  if (typeof value === 'number') {
    return float ? { name, f: value, type: attributeTypes.f } : { name, i: value, type: attributeTypes.i }
  }
  if (Array.isArray(value)) {
    return float
      ? { name, floats: value, type: attributeTypes.floats }
      : { name, ints: value, type: attributeTypes.ints }
  }
  return { name, t: value as Partially<TensorProto>, type: attributeTypes.t }
}

/** @param inputs names, separated by spaces; '-' for one that is left out */
export const node = (
  opType: string,
  inputs: string,
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Partially<NodeProto> => ({
  opType,
  name: `${output}-node`,
  input: (inputs === '' ? [] : inputs.split(' ')).map((name) => (name === '-' ? '' : name)),
  output: [output],
  attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
})

export const floats = (name: string, dims: readonly number[], values: ArrayLike<number>): Partially<TensorProto> => ({
  name,
  dims,
  dataType: FLOAT,
  rawData: new Uint8Array(Float32Array.from(values).buffer),
})

export const doubles = (name: string, dims: readonly number[], values: readonly number[]): Partially<TensorProto> => ({
  name,
  dims,
  dataType: DOUBLE,
  doubleData: values,
})

export const integers = (name: string, values: readonly number[]): Partially<TensorProto> => ({
  name,
  dims: [values.length],
  dataType: INT64,
  int64Data: values,
})

/** Random floats in this shape. */
export function drawn(name: string, dims: readonly number[], seed = 1): Partially<TensorProto> {
  const random = new Random(seed, name)
  return floats(
    name,
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal()),
  )
}

export interface TestModel {
  /** The shape of the input 'x'; a string is an open dimension. */
  readonly input: readonly (number | string)[]
  /** The last one makes the output, unless it is named. */
  readonly nodes: readonly Partially<NodeProto>[]
  readonly initialisers?: readonly Partially<TensorProto>[]
  readonly output?: string
  /** The names of the outputs, if there are several. */
  readonly outputs?: readonly string[]
  readonly opset?: number
}

const value = (name: string, dims: readonly (number | string)[] | undefined) => ({
  name,
  type: {
    tensorType: {
      elemType: FLOAT,
      ...(dims && {
        shape: { dim: dims.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })) },
      }),
    },
  },
})

export const modelOf = ({
  input,
  nodes,
  initialisers = [],
  output,
  outputs = [output ?? nodes.at(-1)!.output![0]],
  opset = 13,
}: TestModel): Partially<ModelProto> => ({
  irVersion: 8,
  opsetImport: [{ domain: '', version: opset }],
  graph: {
    name: 'test',
    node: nodes,
    initializer: initialisers,
    input: [value('x', input)],
    output: outputs.map((name) => ({ name })),
  },
})

export const bytesOf = (model: TestModel): Uint8Array => encodeModel(modelOf(model))

/** The outputs that ONNX Runtime computes for some inputs of this shape. */
export async function runOracle(
  bytes: Uint8Array,
  shape: readonly number[],
  inputs: readonly Float64Array[],
): Promise<Float32Array[]> {
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // further ones multiply by weights of 8 bits with less precision
    graphOptimizationLevel: 'basic',
  })
  try {
    const outputs: Float32Array[] = []
    for (const input of inputs) {
      const tensor = new Tensor('float32', Float32Array.from(input), shape)
      const result = await session.run({ [session.inputNames[0]]: tensor })
      outputs.push((result[session.outputNames[0]].data as Float32Array).slice())
    }
    return outputs
  } finally {
    await session.release()
  }
}

/** What ONNX Runtime makes of a tensor. */
export interface Made {
  readonly shape: readonly number[]
  /** E.g. 'float32'. */
  readonly type: string
  readonly data: Float64Array
}

/** Every output of a model, by name, for some inputs of this shape; undefined if ONNX Runtime refuses the model. */
export async function runAll(
  bytes: Uint8Array,
  shape: readonly number[],
  inputs: readonly Float64Array[],
): Promise<Map<string, Made>[] | undefined> {
  const session = await InferenceSession.create(bytes, plain).catch(() => undefined)
  try {
    const runs: Map<string, Made>[] = []
    for (const input of inputs) {
      const result = await session?.run({ x: new Tensor('float32', Float32Array.from(input), shape) }, quiet)
      if (!result) return undefined
      const made = Object.entries(result).map(
        ([name, { dims, type, data }]) =>
          [name, { shape: dims, type, data: Float64Array.from(data as Float32Array, Number) }] as const,
      )
      runs.push(new Map(made))
    }
    return runs
  } catch {
    return undefined
  } finally {
    await session?.release()
  }
}

/** Prints nothing of the models that it refuses. */
const quiet = { logSeverityLevel: 4 } as const

/** Runs the model as the file has it, on one thread. */
const plain = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  ...quiet,
  graphOptimizationLevel: 'disabled',
} as const

/** Inputs of 32-bit floats, some of them exactly zero. */
export const drawnInputs = (size: number, count: number, seed = 1): Float64Array[] =>
  Array.from({ length: count }, (_, i) => {
    const random = new Random(seed, 'input', i)
    return Float64Array.from({ length: size }, () => (random.integer(10) === 0 ? 0 : Math.fround(random.normal())))
  })

/** The largest |actual − expected| relative to the largest |expected|. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let [error, scale] = [0, 1e-30]
  for (let i = 0; i < expected.length; i++) {
    error = Math.max(error, Math.abs(actual[i] - expected[i]))
    scale = Math.max(scale, Math.abs(expected[i]))
  }
  return error / scale
}

/** Holds a network against ONNX Runtime's answers for a few inputs. */
export async function expectAsOracle(graph: Graph, bytes: Uint8Array, shape: readonly number[]): Promise<void> {
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

/** An input or output of a graph. */
export const typed = (name: string, dims?: readonly number[]) => ({
  name,
  type: { tensorType: { elemType: FLOAT, ...(dims && { shape: { dim: dims.map((dimValue) => ({ dimValue })) } }) } },
})
