/** Runs the nodes of an ONNX model, which makes the steps of a network. */
import { badFile } from '../../base/errors.ts'
import type { Ending } from '../../model/graph.ts'
import { Call, labelOf } from './call.ts'
import { inlineFunctions } from './inline.ts'
import { type OnnxModel, isStandard } from './model.ts'
import { operators } from './operators.ts'
import { namesRead, sortNodes } from './order.ts'
import { Refusals, nameOf } from './refused.ts'
import type { GraphProto, NodeProto, TensorProto } from './schema.ts'
import { elementsOf } from './shape.ts'
import { type Operand, type Step, Steps, type Value, isConstant, renumber, valuesOf } from './steps.ts'
import { readTensor } from './tensor.ts'

export interface Run {
  /** Those that the output needs, in order, the last one making it. */
  readonly steps: readonly Step[]
  /** Including the batch; for several outputs, how many elements each has. */
  readonly outputShape: readonly number[]
  readonly ending: Ending | undefined
}

/**
 * @param outputs the names of those that are wanted; several are one after another
 * @throws UserError for operators that are not supported, all at once, and what else cannot be read
 */
export function runModel(model: OnnxModel, outputs: readonly string[]): Run {
  const { inputs, initialisers, opset } = model
  const steps = new Steps()
  const refusals = new Refusals()
  const scope = new Scope(steps, opset, refusals, initialisers)
  takeInputs(steps, inputs).forEach((value, i) => scope.operands.set(inputs[i].name, value))
  try {
    scope.run(inlineFunctions(model), outputs)
    const made = outputs.map((name) => scope.lookUp(name, 'the network'))
    if (!made.every((operand) => operand !== undefined)) {
      for (const step of steps.list) refusals.addStep(step)
      throw badFile('its output is not known')
    }
    return finish(steps, outputs, made, refusals)
  } catch (error) {
    // what is not supported may be why
    refusals.check()
    throw error
  }
}

/** Inputs as parts of value 0, which has them one after another. */
function takeInputs(steps: Steps, inputs: OnnxModel['inputs']): Operand[] {
  if (inputs.length === 1) return [{ id: 0, shape: inputs[0].shape, single: true }]
  let end = 0
  return inputs.map(({ name, shape }) => {
    const size = elementsOf(shape)
    const begin = end
    end += size
    const terms = [{ value: 0, source: (o: number) => begin + o, factor: () => 1 }]
    return steps.add({ kind: 'selection', label: `input '${name}'`, size, terms, shift: () => 0 }, shape, 3 * size)
  })
}

function finish(steps: Steps, names: readonly string[], made: readonly Operand[], refusals: Refusals): Run {
  const ending = made.length === 1 ? endingOf(steps, made[0]) : undefined
  const { id: output, shape: outputShape } = outputOf(steps, names, ending ? [ending.of] : made)
  const wanted = new Set([output])
  for (let id = output; id > 0; id--) {
    if (wanted.has(id)) for (const value of valuesOf(steps.list[id - 1])) wanted.add(value)
  }
  const kept = [...wanted].filter((id) => id > 0).toSorted((x, y) => x - y)
  for (const id of kept) refusals.addStep(steps.list[id - 1])
  refusals.check()
  const position = new Map([0, ...kept].map((id, i) => [id, i]))
  const renamed = kept.map((id) => renumber(steps.list[id - 1], (value) => position.get(value)!))
  return { steps: renamed, outputShape, ending: ending?.ending }
}

/** An ending that keeps the order of the outputs is left out. */
function endingOf(steps: Steps, operand: Operand): { readonly ending: Ending; readonly of: Value } | undefined {
  const step = isConstant(operand) ? undefined : steps.list[operand.id - 1]
  if (step?.kind !== 'refused' || step.ending === undefined) return undefined
  return { ending: step.ending, of: { id: step.values[0], shape: operand.shape, single: false } }
}

/** Several outputs, an output that is the input, and a constant one need one more step. */
function outputOf(steps: Steps, names: readonly string[], made: readonly Operand[]): Value {
  if (made.length === 1 && !isConstant(made[0]) && made[0].id > 0) return made[0]
  const infinite = made.findIndex((operand) => isConstant(operand) && operand.infinite)
  if (infinite >= 0) throw badFile(`the output '${names[infinite]}' holds infinity`)
  const ends = made.map(({ shape }) => elementsOf(shape))
  ends.forEach((size, i) => (ends[i] = size + (ends[i - 1] ?? 0)))
  const size = ends.at(-1)!
  const begin = (k: number) => ends[k - 1] ?? 0
  const terms = made.flatMap((operand, k) => {
    if (isConstant(operand)) return []
    const source = (o: number) => (o >= begin(k) && o < ends[k] ? o - begin(k) : -1)
    return [{ value: operand.id, source, factor: () => 1 }]
  })
  const shift = (o: number) => {
    const k = ends.findIndex((end) => o < end)
    const operand = made[k]
    return isConstant(operand) ? operand.data[o - begin(k)] : 0
  }
  const shape = made.length === 1 ? made[0].shape : [size]
  return steps.add({ kind: 'selection', label: `output '${names.join("', '")}'`, size, terms, shift }, shape, 3 * size)
}

/** The names of a graph and what they stand for; undefined if that is not known. */
class Scope {
  readonly operands = new Map<string, Operand | undefined>()
  readonly #steps: Steps
  readonly #opset: number
  readonly #refusals: Refusals
  readonly #initialisers: ReadonlyMap<string, TensorProto>
  readonly #outer: Scope | undefined
  readonly #uses = new Map<string, number>()

  constructor(
    steps: Steps,
    opset: number,
    refusals: Refusals,
    initialisers: ReadonlyMap<string, TensorProto>,
    outer?: Scope,
  ) {
    this.#steps = steps
    this.#opset = opset
    this.#refusals = refusals
    this.#initialisers = initialisers
    this.#outer = outer
  }

  has(name: string): boolean {
    return this.operands.has(name) || this.#initialisers.has(name) || (this.#outer?.has(name) ?? false)
  }

  /** @throws UserError for a name that stands for nothing */
  lookUp(name: string, reader: string): Operand | undefined {
    if (!this.operands.has(name)) {
      const tensor = this.#initialisers.get(name)
      if (tensor) this.operands.set(name, readTensor(tensor, `the initialiser '${name}'`))
      else if (this.#outer?.has(name)) return this.#outer.lookUp(name, reader)
      else throw badFile(`${reader} reads '${name}', a further output of its node: that is not supported`)
    }
    const operand = this.operands.get(name)
    if (!operand || isConstant(operand)) return operand
    return { ...operand, single: operand.single && this.#uses.get(name) === 1 }
  }

  run(nodes: readonly NodeProto[], outputs: readonly string[]): void {
    const order = sortNodes(nodes, outputs, (name) => this.has(name))
    for (const name of [...outputs, ...order.flatMap(namesRead)]) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1)
    for (const node of order) if (!isKnown(node)) this.#refuse(node)
    for (const node of order) {
      const made = this.#runNode(node)
      node.output.forEach((name, i) => {
        if (name !== '' && (!made || i < made.length)) this.operands.set(name, made?.[i])
      })
    }
  }

  #refuse(node: NodeProto): void {
    const { domain, opType } = node
    this.#refusals.add(isStandard(domain) ? opType : `${domain}.${opType}`, nameOf(node))
  }

  /** Undefined if we do not know what it makes. */
  #runNode(node: NodeProto): readonly Operand[] | undefined {
    const label = labelOf(node)
    const inputs = node.input.map((name) => (name === '' ? undefined : this.lookUp(name, label)))
    if (!isKnown(node) || inputs.some((operand, i) => !operand && node.input[i] !== '')) return undefined
    const call = new Call(this.#steps, this.#opset, node, inputs)
    const made =
      isStandard(node.domain) && node.opType === 'If' ? this.#choose(call) : [operators.get(node.opType)!(call)].flat()
    call.requireAllKnown()
    made?.forEach((operand) => {
      const { shape } = operand
      if (elementsOf(shape) === 0 && !isConstant(operand)) throw call.refuse(`makes nothing: a value of [${shape}]`)
    })
    return made
  }

  /** The branch of an If that a constant condition takes. */
  #choose(call: Call): readonly Operand[] | undefined {
    const condition = call.operand(0)
    const branches = ['else_branch', 'then_branch'].map((name) => call.graph(name))
    if (!isConstant(condition)) {
      this.#refusals.add('If on a computed condition', nameOf(call.node))
      return undefined
    }
    const graph: GraphProto = branches[Number(condition.data[0] !== 0)]
    const initialisers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]))
    const inner = new Scope(this.#steps, this.#opset, this.#refusals, initialisers, this)
    const outputs = graph.output.map(({ name }) => name)
    inner.run(graph.node, outputs)
    const made = outputs.map((name) => inner.lookUp(name, call.label))
    return made.every((operand) => operand !== undefined) ? made : undefined
  }
}

const isKnown = ({ domain, opType }: NodeProto): boolean =>
  isStandard(domain) && (opType === 'If' || operators.has(opType))
