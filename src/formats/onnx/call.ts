/** One node of an ONNX graph with what it reads: what the operators are written against. */
import { type UserError, badFile } from '../../base/errors.ts'
import { type AttributeProto, type GraphProto, type NodeProto, attributeTypes } from './schema.ts'
import { MAX_ELEMENTS, MAX_RANK, elementsOf, sameShape } from './shape.ts'
import { type Operand, type Steps, type Value, isConstant } from './steps.ts'
import { type Constant, readTensor } from './tensor.ts'

/** Makes the outputs of a node: the first one, or a list of as many as it has. */
export type Operator = (call: Call) => Operand | readonly Operand[]

/** Attributes that matter only in training or for types of few bits. */
const IRRELEVANT = ['momentum', 'ratio', 'seed', 'saturate', 'round_mode']

export class Call {
  readonly steps: Steps
  readonly opset: number
  readonly node: NodeProto
  /** The operator and the node's name. */
  readonly label: string
  readonly #attributes: ReadonlyMap<string, AttributeProto>
  readonly #inputs: readonly (Operand | undefined)[]
  #read = new Set<number>()
  #asked = new Set<string>(IRRELEVANT)

  constructor(steps: Steps, opset: number, node: NodeProto, inputs: readonly (Operand | undefined)[]) {
    this.steps = steps
    this.opset = opset
    this.node = node
    this.#inputs = inputs
    this.label = labelOf(node)
    this.#attributes = new Map(node.attribute.map((attribute) => [attribute.name, attribute]))
    if (this.#attributes.size < node.attribute.length) throw this.refuse('has an attribute twice')
  }

  /** Whether it reads anything, and only constants. */
  get isConstant(): boolean {
    return this.#inputs.length > 0 && this.#inputs.every((operand) => !operand || isConstant(operand))
  }

  /** The same node in a network of its own, whose input stands for its first operand, a constant. */
  alone(steps: Steps): Call {
    const first: Value = { id: 0, shape: this.constant(0).shape, single: false }
    const call = new Call(steps, this.opset, this.node, [first, ...this.#inputs.slice(1)])
    call.#read = this.#read
    call.#asked = this.#asked
    return call
  }

  refuse(what: string): UserError {
    return badFile(`${this.label} ${what}`)
  }

  get inputCount(): number {
    return this.#inputs.length
  }

  /** Undefined where an optional input is left out. */
  input(index: number): Operand | undefined {
    const operand = this.bound(index)
    if (!operand || !isConstant(operand) || !operand.infinite) return operand
    throw this.refuse(`reads '${this.node.input[index]}', which holds infinity`)
  }

  /** The same for an input that may hold infinity. */
  bound(index: number): Operand | undefined {
    this.#read.add(index)
    return this.#inputs[index]
  }

  operand(index: number): Operand {
    const operand = this.input(index)
    if (!operand) throw this.refuse(`has no input ${index}`)
    return operand
  }

  /** An input that must be computed from the network's input. */
  value(index: number): Value {
    const operand = this.operand(index)
    if (isConstant(operand)) throw this.refuse(`reads a constant ('${this.node.input[index]}'): that is not supported`)
    return operand
  }

  /** An input that must be constant. */
  constant(index: number): Constant {
    const operand = this.operand(index)
    if (isConstant(operand)) return operand
    throw this.refuse(`needs a constant '${this.node.input[index]}', but it is computed from the input`)
  }

  /** A constant input of whole numbers in one dimension, undefined if it is left out. */
  wholeNumbers(index: number): number[] | undefined {
    if (!this.input(index)) return undefined
    const { data, integer, shape } = this.constant(index)
    if (!integer || shape.length > 1) throw this.refuse(`needs whole numbers in one dimension as input ${index}`)
    return [...data]
  }

  has(name: string): boolean {
    this.#asked.add(name)
    return this.#attributes.has(name)
  }

  number(name: string, otherwise: number): number {
    return this.#get(name, 'f')?.f ?? otherwise
  }

  wholeNumber(name: string, otherwise: number): number {
    const attribute = this.#get(name, 'i')
    return attribute ? Number(attribute.i) : otherwise
  }

  list(name: string): number[] | undefined {
    return this.#get(name, 'ints')?.ints.map(Number)
  }

  numbers(name: string): readonly number[] | undefined {
    return this.#get(name, 'floats')?.floats
  }

  text(name: string, otherwise: string): string {
    const attribute = this.#get(name, 's')
    return attribute ? new TextDecoder().decode(Uint8Array.from(attribute.s)) : otherwise
  }

  tensor(name: string): Constant {
    const tensor = this.#get(name, 't')?.t
    if (!tensor) throw this.refuse(`has no tensor '${name}'`)
    return readTensor(tensor, this.label)
  }

  graph(name: string): GraphProto {
    const graph = this.#get(name, 'g')?.g
    if (!graph) throw this.refuse(`has no graph '${name}'`)
    return graph
  }

  #get(name: string, field: keyof typeof attributeTypes): AttributeProto | undefined {
    this.#asked.add(name)
    const attribute = this.#attributes.get(name)
    if (attribute && attribute.type !== attributeTypes[field]) {
      throw this.refuse(`has an attribute '${name}' of type ${attribute.type}, not ${attributeTypes[field]}`)
    }
    return attribute
  }

  /** @throws UserError if there is an attribute or input that the operator has not asked for: it may mean anything */
  requireAllKnown(): void {
    const unknown = [...this.#attributes.keys()].filter((name) => !this.#asked.has(name))
    if (unknown.length > 0) throw this.refuse(`has attributes that are not known here: ${unknown.join(', ')}`)
    const further = this.#inputs.findIndex((operand, index) => operand && !this.#read.has(index))
    if (further >= 0) throw this.refuse(`has an input that is not known here: '${this.node.input[further]}'`)
  }

  /** A dimension's index, counted from the end if negative. @param rank one past the largest */
  axis(axis: number, rank: number): number {
    const found = axis < 0 ? axis + rank : axis
    if (!(Number.isInteger(found) && found >= 0 && found < rank)) {
      throw this.refuse(`has axis ${axis}, but there are ${rank}`)
    }
    return found
  }

  /** The same elements under another shape. */
  relabel(operand: Operand, shape: readonly number[]): Operand {
    if (elementsOf(shape) !== elementsOf(operand.shape)) {
      throw this.refuse(`cannot make [${shape}] of [${operand.shape}]: the numbers of elements differ`)
    }
    if (shape.length > MAX_RANK) throw this.refuse(`makes more than ${MAX_RANK} dimensions`)
    return sameShape(shape, operand.shape) ? operand : { ...operand, shape }
  }

  /** The largest of the constants that it reads, in units of 2⁻⁵³ of each of their numbers. */
  get inputError(): number {
    return this.#inputs.reduce((most, operand) => {
      return operand && isConstant(operand) ? Math.max(most, operand.error ?? 0) : most
    }, 0)
  }

  /**
   * A new constant, of 64-bit floats where 32 bits cannot hold it.
   * @param error as in `Constant`: by default what is read has, since most operators only choose from it
   * @throws UserError if it is more than bounds allow for
   */
  make(
    shape: readonly number[],
    like: Constant,
    element: (index: number) => number,
    error: number | (() => number) = this.inputError,
  ): Constant {
    const length = elementsOf(shape)
    if (!(length <= MAX_ELEMENTS)) throw this.refuse(`makes a constant of [${shape}]: too large`)
    this.steps.spend(length, this.label)
    const data = new Float64Array(length)
    for (let i = 0; i < length; i++) {
      data[i] = element(i)
      if (!Number.isFinite(data[i])) throw this.refuse(`makes ${data[i]}`)
      if (like.integer && !(data[i] >= like.integer[0] && data[i] <= like.integer[1])) {
        throw this.refuse(`makes ${data[i]}, which its type cannot hold`)
      }
    }
    const isSingle = !like.integer && data.every((x) => Math.fround(x) === x)
    const off = like.integer ? 0 : typeof error === 'number' ? error : error()
    if (!(off <= MOST_ERROR)) throw this.refuse('combines constants that nearly cancel, after they were rounded')
    const { integer } = like
    return { shape, data: isSingle ? Float32Array.from(data) : data, integer, ...(off > 0 && { error: off }) }
  }

  /** The error of a function of what it reads that is off by so many units. @throws UserError if that was rounded itself */
  rounded(units: number): number {
    if (this.inputError === 0) return units
    throw this.refuse('reads a constant that was computed and rounded: that is not supported')
  }
}

/** Units of 2⁻⁵³ of itself that a constant may be off: search/condense/substitution.ts allows for as many in every weight. */
const MOST_ERROR = 128

export const labelOf = ({ opType, name, output }: NodeProto): string => `${opType} '${name || (output[0] ?? '')}'`
