/** ONNX files as models: decoded, and checked as far as that is possible without knowing the operators. */
import { type UserError, badFile } from '../../base/errors.ts'
import { refuseForeign } from '../foreign.ts'
import {
  DOUBLE,
  FLOAT,
  FLOAT16,
  type FunctionProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueProto,
  decodeModel,
} from './schema.ts'
import { MAX_ELEMENTS, MAX_RANK, elementsOf } from './shape.ts'

export interface OnnxModel {
  /** For messages. */
  readonly file: string
  readonly name: string
  /** Version of the operators. */
  readonly opset: number
  /** In the file's order. */
  readonly nodes: readonly NodeProto[]
  readonly functions: readonly FunctionProto[]
  /** Constants by name, not yet decoded. */
  readonly initialisers: ReadonlyMap<string, TensorProto>
  readonly inputs: readonly OnnxInput[]
  readonly outputs: readonly string[]
  readonly metadata: Record<string, string>
}

export interface OnnxInput {
  readonly name: string
  /** With 1 for a batch dimension of any size. */
  readonly shape: readonly number[]
  readonly batched: boolean
}

/** Older versions broadcast in another way; newer ones may change what operators mean. */
const [OLDEST_OPSET, NEWEST_OPSET] = [7, 26]
/** Including those of local functions. */
export const MAX_NODES = 100_000

/**
 * @param file its name, for messages
 * @throws UserError if the bytes are no ONNX model, or one of operators older than opset 7 or newer than is known, or
 *   without inputs or outputs, with dimensions (but the batch's) that are not fixed, or names that are given twice
 */
export function parseOnnx(bytes: Uint8Array, file: string): OnnxModel {
  const refuse = (what: string) => badFile(`${file}: ${what}`)
  const { graph, ...model } = decode(bytes, file)
  if (!graph || model.opsetImport.length === 0) throw refuse('not an ONNX model: it holds no graph of operators')
  const opset = Number(model.opsetImport.find(({ domain }) => isStandard(domain))?.version ?? Number.NaN)
  if (Number.isNaN(opset)) throw refuse('it does not use the operators of ONNX (no opset of the domain ai.onnx)')
  if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
    throw refuse(`opset ${opset} is not supported: export it with ${OLDEST_OPSET} to ${NEWEST_OPSET}`)
  }
  if (graph.node.length > MAX_NODES) throw refuse(`it has ${graph.node.length} nodes, more than ${MAX_NODES}`)
  if (graph.sparseInitializer.length > 0) throw refuse('sparse initialisers are not supported: export dense ones')

  const initialisers = new Map<string, TensorProto>()
  for (const tensor of graph.initializer) {
    if (initialisers.has(tensor.name)) throw refuse(`the initialiser '${tensor.name}' is given twice`)
    initialisers.set(tensor.name, tensor)
  }
  const inputs = graph.input.filter(({ name }) => !initialisers.has(name))
  if (inputs.length === 0) throw refuse('the network has no input')
  if (graph.output.length === 0) throw refuse('the network has no output')
  return {
    file,
    name: graph.name,
    opset,
    nodes: graph.node,
    functions: model.functions,
    initialisers,
    inputs: inputs.map((input) => readInput(input, refuse)),
    outputs: graph.output.map(({ name }) => name),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  }
}

export const isStandard = (domain: string): boolean => domain === '' || domain === 'ai.onnx'

function decode(bytes: Uint8Array, file: string): ModelProto {
  if (bytes.length === 0) throw badFile(`${file}: not an ONNX model: it is empty`)
  refuseForeign(bytes, file, 'onnx')
  try {
    return decodeModel(bytes)
  } catch (error) {
    throw badFile(`${file}: not an ONNX model, or cut short (${(error as Error).message}): replace the file`)
  }
}

type Refuse = (what: string) => UserError

function readInput({ name, type }: ValueProto, refuse: Refuse): OnnxInput {
  const tensor = type?.tensorType
  if (!tensor?.shape) throw refuse(`the input '${name}' has no shape: export the network with a fixed one`)
  if (![FLOAT, DOUBLE, FLOAT16].includes(tensor.elemType)) {
    throw refuse(`the input '${name}' is of type ${tensor.elemType}, not float (1), double (11) or float16 (10)`)
  }
  if (tensor.shape.dim.length > MAX_RANK) throw refuse(`the input '${name}' has more than ${MAX_RANK} dimensions`)
  const given = tensor.shape.dim.map(({ dimValue, dimParam }) => (dimParam === '' ? Number(dimValue) : 0))
  const batched = given.length > 1 && given[0] <= 1
  const shape = batched ? [1, ...given.slice(1)] : given
  const open = shape.findIndex((size) => size < 1)
  if (open >= 0) {
    const what = tensor.shape.dim[open].dimParam || 'unknown'
    throw refuse(`dimension ${open} of the input '${name}' is ${what}: only the first of several may be left open`)
  }
  if (elementsOf(shape) > MAX_ELEMENTS) throw refuse(`the input '${name}' of shape [${shape}] is too large`)
  return { name, shape, batched }
}
