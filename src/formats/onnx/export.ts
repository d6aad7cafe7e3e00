/** Networks of layers as ONNX files. */
import type { Layer, Shape } from '../../model/layers.ts'
import { type Network, parameterLayout, shapesOf, sourceOf } from '../../model/network.ts'
import { tensorsOf } from '../network-file.ts'
import { type Tensor, requireFinite } from '../tensors.ts'
import {
  FLOAT,
  INT64,
  type ModelProto,
  type NodeProto,
  type Partially,
  type TensorProto,
  attributeTypes,
  encodeModel,
} from './schema.ts'

/** Every runtime of the last years reads this version. */
const [OPSET, IR_VERSION] = [13, 8]
const BATCH = 'N'

type Node = Partially<NodeProto>
type Initialiser = Partially<TensorProto>

/** As ONNX has it: [N, features] or [N, channels, height, width]. */
interface Value {
  readonly name: string
  readonly isVector: boolean
}

/**
 * The ONNX file of a network: opset 13, input 'input' of [N, channels, height, width] (or [N, features]), output
 * 'output', parameters under their names bit by bit. The means and deviations of a normalise layer become 32-bit
 * floats, as ONNX networks have them.
 * @param metadata texts to keep with it
 * @param path the name of the file, for messages
 * @throws UserError if a parameter is NaN or infinite
 * @throws UserError if the parameters do not fill the architecture
 */
export function encodeNetwork(network: Network, metadata: Readonly<Record<string, string>>, path: string): Uint8Array {
  const { architecture } = network
  const shapes = shapesOf(architecture)
  const nodes: Node[] = []
  const initialisers = parametersOf(network, path)
  const isVector = startsAsVector(architecture.input, architecture.layers)
  /** What every layer makes; values[0] is the input. */
  const values: Value[] = [{ name: 'input', isVector }]
  const apply = (
    opType: string,
    name: string,
    from: Value,
    others: readonly string[] = [],
    attribute: Node['attribute'] = [],
    isVector = from.isVector,
  ): Value => {
    const output = `${name}.output`
    nodes.push({ name, opType, input: [from.name, ...others], output: [output], attribute })
    return { name: output, isVector }
  }
  const flat = (value: Value, name: string) =>
    value.isVector ? value : apply('Flatten', name, value, [], [whole('axis', 1)], true)
  architecture.layers.forEach((layer, i) => {
    const source = sourceOf(architecture, i)
    const from = values[source + 1]
    const image = (value: Value) => {
      if (!value.isVector) return value
      initialisers.push(integers(`${i}.shape`, [-1, shapes[source + 1].channels, 1, 1]))
      return apply('Reshape', `${i}.image`, value, [`${i}.shape`], [], false)
    }
    switch (layer.kind) {
      case 'flatten':
        return values.push(flat(from, `${i}`))
      case 'relu':
        return values.push(apply('Relu', `${i}`, from))
      case 'linear': {
        const attribute = [whole('transB', 1)]
        return values.push(apply('Gemm', `${i}`, flat(from, `${i}.flatten`), [`${i}.weight`, `${i}.bias`], attribute))
      }
      case 'convolution': {
        return values.push(
          apply('Conv', `${i}`, image(from), [`${i}.weight`, `${i}.bias`], [...windowOf(layer), ...groupsOf(layer)]),
        )
      }
      case 'averagePool': {
        const attribute = [...windowOf(layer), whole('count_include_pad', 1)]
        return values.push(apply('AveragePool', `${i}`, image(from), [], attribute))
      }
      case 'add': {
        const summands = [values[layer.other + 1], from]
        // of the same shape, except for the dimensions of size 1 that vectors lack
        const asVectors = summands.some((value) => value.isVector)
        const [other, before] = summands.map((value) => (asVectors ? flat(value, `${i}.flatten`) : value))
        // the other layer first: readers that go back from the output come to it first, too
        return values.push(apply('Add', `${i}`, other, [before.name]))
      }
      case 'normalise': {
        const shape = from.isVector ? [layer.mean.length] : [layer.mean.length, 1, 1]
        initialisers.push(floats(`${i}.mean`, shape, Float32Array.from(layer.mean)))
        initialisers.push(floats(`${i}.deviation`, shape, Float32Array.from(layer.deviation)))
        const centred = apply('Sub', `${i}.centre`, from, [`${i}.mean`])
        return values.push(apply('Div', `${i}.scale`, centred, [`${i}.deviation`]))
      }
    }
  })
  const last = values.at(-1)!
  nodes.push({ name: 'output', opType: 'Identity', input: [last.name], output: ['output'] })
  const model: Partially<ModelProto> = {
    irVersion: IR_VERSION,
    producerName: 'robustra',
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: Object.entries(metadata).map(([key, text]) => ({ key, value: text })),
    graph: {
      name: architecture.name,
      node: nodes,
      initializer: initialisers,
      input: [describe('input', batchOf(architecture.input, isVector))],
      output: [describe('output', batchOf(shapes.at(-1)!, last.isVector))],
    },
  }
  return encodeModel(model)
}

/** Whether the first layer for which it matters reads a vector, not an image. */
function startsAsVector({ height, width }: Shape, layers: readonly Layer[]): boolean {
  const first = layers.find(({ kind }) => kind !== 'normalise' && kind !== 'relu')
  return height === 1 && width === 1 && first?.kind !== 'convolution' && first?.kind !== 'averagePool'
}

const batchOf = ({ channels, height, width }: Shape, isVector: boolean) =>
  isVector ? [BATCH, channels] : [BATCH, channels, height, width]

const describe = (name: string, shape: readonly (number | string)[]) => ({
  name,
  type: {
    tensorType: {
      elemType: FLOAT,
      shape: { dim: shape.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size })) },
    },
  },
})

const whole = (name: string, i: number) => ({ name, i, type: attributeTypes.i })
const list = (name: string, ints: readonly number[]) => ({ name, ints, type: attributeTypes.ints })

const windowOf = ({ kernel, stride, padding }: Layer & { kind: 'convolution' | 'averagePool' }) => [
  list('kernel_shape', [kernel, kernel]),
  list('strides', [stride, stride]),
  list('pads', [padding, padding, padding, padding]),
]

const groupsOf = ({ groups = 1 }: Layer & { kind: 'convolution' }) => (groups > 1 ? [whole('group', groups)] : [])

function parametersOf(network: Network, path: string): Initialiser[] {
  const { tensors } = tensorsOf(network, {})
  return parameterLayout(network.architecture).map(({ name, shape }) => {
    const { data } = tensors.get(name)!
    requireFinite(data, name, `${path} was not written`)
    return floats(name, shape, data)
  })
}

function floats(name: string, dims: readonly number[], data: Tensor['data']): Initialiser {
  const rawData = new Uint8Array(4 * data.length)
  const view = new DataView(rawData.buffer)
  data.forEach((value, i) => view.setFloat32(4 * i, value, true))
  return { name, dims, dataType: FLOAT, rawData }
}

const integers = (name: string, int64Data: readonly number[]): Initialiser => ({
  name,
  dims: [int64Data.length],
  dataType: INT64,
  int64Data,
})
