/** ONNX files of the networks that questions are about: layers one after the other, or composed. */
import {
  FLOAT,
  type AttributeProto,
  type NodeProto,
  type Partially,
  type TensorProto,
  attributeTypes,
  encodeModel,
} from '../../src/formats/onnx/schema.ts'
import type { Perceptron } from './perceptron.ts'

/** A graph in the making: each method adds nodes and returns the name of the value that they make. */
export class Model {
  readonly #nodes: Partially<NodeProto>[] = []
  readonly #tensors = new Map<string, Partially<TensorProto>>()

  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | number[]>> = {},
  ): string {
    const output = `v${this.#nodes.length}`
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value))
    this.#nodes.push({ opType, name: `n${this.#nodes.length}`, input: inputs, output: [output], attribute })
    return output
  }

  /** A constant; the same name twice is the same constant. */
  tensor(name: string, dims: readonly number[], values: ArrayLike<number>): string {
    const rawData = new Uint8Array(Float32Array.from(values).buffer)
    this.#tensors.set(name, { name, dims, dataType: FLOAT, rawData })
    return name
  }

  /** x Wᵀ + b. @param weights [output][input] */
  linear(x: string, name: string, weights: ArrayLike<number>, bias: ArrayLike<number>): string {
    const dims = [bias.length, weights.length / bias.length]
    const [w, b] = [this.tensor(`${name}.w`, dims, weights), this.tensor(`${name}.b`, [bias.length], bias)]
    return this.node('Gemm', [x, w, b], { transB: 1 })
  }

  perceptron(x: string, name: string, { weights, biases }: Perceptron): string {
    return weights.reduce((value, weight, layer) => {
      const z = this.linear(value, `${name}.${layer}`, weight, biases[layer])
      return layer + 1 < weights.length ? this.node('Relu', [z]) : z
    }, x)
  }

  /** The file, of the input 'x' and the node that was added last. */
  bytes(input: readonly number[]): Uint8Array {
    const value = (name: string, dims: readonly number[]) => ({
      name,
      type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
    })
    return encodeModel({
      irVersion: 8,
      opsetImport: [{ domain: '', version: 13 }],
      graph: {
        name: 'question',
        node: this.#nodes,
        initializer: [...this.#tensors.values()],
        input: [value('x', input)],
        output: [{ name: this.#nodes.at(-1)!.output![0] }],
      },
    })
  }
}

function attributeOf(name: string, value: number | number[]): Partially<AttributeProto> {
  return typeof value === 'number'
    ? { name, i: value, type: attributeTypes.i }
    : { name, ints: value, type: attributeTypes.ints }
}
