/**
 * Networks from ONNX files: https://onnx.ai/onnx/operators. Numbers are taken as real ones: weights exactly as they
 * are stored, and what is folded into them (BatchNormalization, scales and shifts) in float64.
 */
import { UserError } from '../../errors.ts'
import type { Graph } from '../../networks/graph.ts'
import type { Network } from '../../networks/network.ts'
import * as arithmetic from './arithmetic.ts'
import { Call, type Operator, labelOf } from './call.ts'
import * as layout from './layout.ts'
import { layeredOf } from './layered.ts'
import { type OnnxModel, isStandard, parseOnnx } from './model.ts'
import * as product from './product.ts'
import { readWholeFile } from '../atomic.ts'
import { gunzipIfNeeded } from '../gzip.ts'
import type { NodeProto } from './schema.ts'
import { elementsOf } from './shape.ts'
import { type Operand, type Step, Steps, isConstant, nodeOf, renumber, valuesOf } from './steps.ts'
import { readTensor } from './tensor.ts'
import * as window from './window.ts'

export interface ImportedNetwork {
  readonly graph: Graph
  /** The same network where it is made of our layers, in a way that the engine takes. */
  readonly network: Network | undefined
  /** Why it is not: the first layer that does not fit. */
  readonly misfit: string | undefined
  readonly metadata: Record<string, string>
}

const operators: ReadonlyMap<string, Operator> = new Map(
  Object.entries({
    Add: arithmetic.binary('Add'),
    AveragePool: window.averagePool,
    BatchNormalization: arithmetic.batchNormalization,
    Cast: layout.cast,
    Concat: layout.concat,
    Constant: layout.constant,
    Conv: window.conv,
    Div: arithmetic.binary('Div'),
    Dropout: layout.dropout,
    Flatten: layout.flatten,
    Gather: layout.gather,
    Gemm: product.gemm,
    GlobalAveragePool: window.globalAveragePool,
    Identity: layout.identity,
    MatMul: product.matMul,
    Mul: arithmetic.binary('Mul'),
    Pad: window.pad,
    Relu: arithmetic.relu,
    Reshape: layout.reshape,
    Shape: layout.shapeOf,
    Squeeze: layout.squeeze,
    Sub: arithmetic.binary('Sub'),
    Transpose: layout.transpose,
    Unsqueeze: layout.unsqueeze,
  }),
)

/**
 * Reads a network. A batch dimension (the first of several, if it is 1 or open) is taken as 1 and left out.
 * @throws UserError naming the file, and the node where there is one, if it cannot be read, is damaged, uses operators
 *   or forms of them that are not supported, has shapes that do not fit, or holds NaN or infinity
 */
export const importOnnx = (path: string): ImportedNetwork =>
  parseNetwork(gunzipIfNeeded(readWholeFile(path), path), path)

/** The same from the bytes of a file of this name. */
export function parseNetwork(bytes: Uint8Array, file: string): ImportedNetwork {
  const model = parseOnnx(bytes, file)
  try {
    const steps = needed(model)
    const { input, metadata, name } = model
    const inputShape = input.batched ? input.shape.slice(1) : input.shape
    const sizes = [elementsOf(inputShape), ...steps.map(({ size }) => size)]
    const graph = { name, inputShape, nodes: steps.map((step) => nodeOf(step, sizes)) }
    return { graph, metadata, ...layeredOf(name, inputShape, steps) }
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`${file}: ${error.message}`)
    throw error
  }
}

/** The steps that the output needs, in order, the last one making it. */
function needed(model: OnnxModel): Step[] {
  const order = sortNodes(model)
  requireSupported(order)
  const { list, output } = runNodes(model, order)
  const wanted = new Set([output])
  for (let id = output; id > 0; id--) if (wanted.has(id)) for (const value of valuesOf(list[id - 1])) wanted.add(value)
  const kept = [...wanted].toSorted((a, b) => a - b)
  const position = new Map([0, ...kept.filter((id) => id > 0)].map((id, i) => [id, i]))
  return kept.filter((id) => id > 0).map((id) => renumber(list[id - 1], (value) => position.get(value)!))
}

function requireSupported(nodes: readonly NodeProto[]): void {
  const unsupported = new Map<string, string[]>()
  for (const { domain, opType, name, output } of nodes) {
    if (isStandard(domain) && operators.has(opType)) continue
    const operator = isStandard(domain) ? opType : `${domain}.${opType}`
    const names = unsupported.get(operator) ?? []
    names.push(`'${name || output[0]}'`)
    unsupported.set(operator, names)
  }
  if (unsupported.size === 0) return
  const found = [...unsupported].map(([operator, names]) => {
    const more = names.length > 20 ? ` and ${names.length - 20} more` : ''
    return `${operator} (${names.slice(0, 20).join(', ')}${more})`
  })
  throw new UserError(`these operators are not supported: ${found.join(', ')}`)
}

/** The nodes that the output needs, each after those whose outputs it reads. */
function sortNodes({ nodes, initialisers, input, output }: OnnxModel): NodeProto[] {
  const makers = new Map<string, NodeProto>()
  for (const node of nodes) {
    for (const name of node.output) {
      if (name === '') continue
      if (makers.has(name) || initialisers.has(name) || name === input.name) {
        throw new UserError(`${labelOf(node)} makes '${name}', which exists already`)
      }
      makers.set(name, node)
    }
  }
  const last = makers.get(output)
  if (!last && output !== input.name) throw new UserError(`no node makes the output '${output}'`)
  const sorted: NodeProto[] = []
  const state = new Map<NodeProto, 'open' | 'done'>()
  const open = last ? [last] : []
  while (open.length > 0) {
    const node = open.at(-1)!
    if (state.has(node)) {
      open.pop()
      if (state.get(node) === 'open') sorted.push(node)
      state.set(node, 'done')
      continue
    }
    state.set(node, 'open')
    for (const name of node.input.toReversed()) {
      const maker = makers.get(name)
      if (!maker) {
        if (name === '' || name === input.name || initialisers.has(name)) continue
        throw new UserError(`${labelOf(node)} reads '${name}', which nothing makes`)
      }
      if (state.get(maker) === 'open') {
        throw new UserError(`the graph is cyclic: ${labelOf(node)} reads '${name}', which is made from its own output`)
      }
      if (!state.has(maker)) open.push(maker)
    }
  }
  return sorted
}

/** @returns the steps, and the value that is the output */
function runNodes({ initialisers, input, output, opset }: OnnxModel, order: readonly NodeProto[]) {
  const steps = new Steps()
  const uses = new Map<string, number>([[output, 1]])
  for (const node of order) for (const name of node.input) uses.set(name, (uses.get(name) ?? 0) + 1)
  const operands = new Map<string, Operand>([[input.name, { id: 0, shape: input.shape, single: true }]])
  const lookUp = (name: string, reader: string): Operand => {
    const tensor = initialisers.get(name)
    const operand = operands.get(name) ?? (tensor && readTensor(tensor, `the initialiser '${name}'`))
    if (!operand) throw new UserError(`${reader} reads '${name}', a further output of its node: that is not supported`)
    operands.set(name, operand)
    return isConstant(operand) ? operand : { ...operand, single: operand.single && uses.get(name) === 1 }
  }
  for (const node of order) {
    const inputs = node.input.map((name) => (name === '' ? undefined : lookUp(name, labelOf(node))))
    const call = new Call(steps, opset, node, inputs)
    const made = [operators.get(node.opType)!(call)].flat()
    call.requireAllKnown()
    made.forEach((operand, i) => {
      const { shape } = operand
      if (elementsOf(shape) === 0 && !isConstant(operand)) throw call.refuse(`makes nothing: a value of [${shape}]`)
      if (node.output[i]) operands.set(node.output[i], operand)
    })
  }
  const made = lookUp(output, 'the network')
  if (isConstant(made)) throw new UserError(`the output '${output}' does not depend on the input`)
  // Every graph has a node that makes its output, if only by passing its input on.
  const { id } = made.id > 0 ? made : steps.scale(`output '${output}'`, made, { factor: () => 1, shift: () => 0 })
  return { list: steps.list, output: id }
}
