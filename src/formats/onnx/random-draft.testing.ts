/** A random ONNX model in the making: what its next node may read, and the drawing of constants and shapes. */
import type { Random } from '../../base/random.ts'
import { type TestModel, floats, integers, node } from './model.testing.ts'
import { BOOL } from './schema.ts'

/** The model has no value that the operator takes. */
export class NotApplicable extends Error {}

/** A tensor that nodes may read. */
export interface Known {
  readonly name: string
  readonly shape: readonly number[]
  /** As ONNX Runtime names it, e.g. 'float32'. */
  readonly type: string
  /** Whether it is computed from the network's input. */
  readonly computed: boolean
}

type Attributes = NonNullable<Parameters<typeof node>[3]>

export class Draft {
  readonly random: Random
  readonly opset: number
  readonly input: TestModel['input']
  readonly nodes: TestModel['nodes'][number][] = []
  readonly initialisers: NonNullable<TestModel['initialisers']>[number][] = []
  readonly known: Known[] = []

  constructor(random: Random, opset: number, input: TestModel['input']) {
    this.random = random
    this.opset = opset
    this.input = input
    const shape = input.map((size) => (typeof size === 'string' ? 1 : size))
    this.known.push({ name: 'x', shape, type: 'float32', computed: true })
  }

  /** A model without nodes, of an input of rank 0 to 5. */
  static begin(random: Random, opset: number): Draft {
    const rank = [0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 5][random.integer(15)]
    const shape: (number | string)[] = Array.from({ length: rank }, () => 1 + random.integer(rank < 4 ? 5 : 4))
    if (rank === 4) shape.splice(2, 2, 1 + random.integer(7), 1 + random.integer(7))
    if (rank > 1 && random.integer(4) > 0) shape[0] = random.integer(2) ? 'N' : 1
    return new Draft(random, opset, shape)
  }

  copy(): Draft {
    const made = new Draft(this.random, this.opset, this.input)
    made.nodes.push(...this.nodes)
    made.initialisers.push(...this.initialisers)
    made.known.splice(0, 1, ...this.known)
    return made
  }

  model(outputs: readonly string[]): TestModel {
    const { opset, input, nodes, initialisers } = this
    return { opset, input, nodes, initialisers, outputs }
  }

  find(name: string): Known | undefined {
    return this.known.find((known) => known.name === name)
  }

  below(n: number): number {
    return this.random.integer(n)
  }

  /** True once in n times. */
  once(n: number): boolean {
    return this.below(n) === 0
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new NotApplicable()
    return list[this.below(list.length)]
  }

  shuffled<T>(list: readonly T[]): T[] {
    return [...this.random.permutation(list.length)].map((i) => list[i])
  }

  /** A float tensor computed from the input, often the one made last; not an empty one, which may crash ONNX Runtime. */
  value(fits: (known: Known) => boolean = () => true): Known {
    const fitting = this.known.filter(
      (known) => known.computed && known.type === 'float32' && !known.shape.includes(0) && fits(known),
    )
    return this.once(2) ? this.pick(fitting.slice(-1)) : this.pick(fitting)
  }

  /** A value, or a constant of a random shape. */
  operand(): Known {
    return this.once(6) ? this.constant(Array.from({ length: this.below(5) }, () => 1 + this.below(3))) : this.value()
  }

  /** An axis of so many, counted from the end now and then. */
  axis(count: number): number {
    const axis = this.pick(Array.from({ length: count }, (_, i) => i))
    return this.once(2) ? axis - count : axis
  }

  /** A constant of floats: multiples of ¼ unless they are given. */
  constant(shape: readonly number[], number = () => (this.below(17) - 8) / 4): Known {
    const length = shape.reduce((a, b) => a * b, 1)
    const name = this.#store(floats('', shape, Array.from({ length }, number)))
    return { name, shape, type: 'float32', computed: false }
  }

  /** A constant list of whole numbers, or an array of these dimensions. */
  wholeNumbers(list: readonly number[], dims = [list.length]): string {
    return this.#store({ ...integers('', list), dims })
  }

  /** The same of a single one, without dimensions. */
  wholeNumber(number: number): string {
    return this.#store({ ...integers('', [number]), dims: [] })
  }

  truth(value: boolean): string {
    return this.#store({ dims: [], dataType: BOOL, int32Data: [Number(value)] })
  }

  /** As an initialiser, or made by a node. */
  #store(tensor: NonNullable<TestModel['initialisers']>[number]): string {
    if (this.once(4)) return this.emit('Constant', [], { value: tensor })
    const name = `c${this.initialisers.length}`
    this.initialisers.push({ ...tensor, name })
    return name
  }

  /**
   * Adds a node.
   * @param inputs undefined for those left out
   * @param outputs how many of its outputs are named
   * @returns the name of the first one
   */
  emit(operator: string, inputs: readonly (string | undefined)[], attributes: Attributes = {}, outputs = 1): string {
    const names = Array.from({ length: outputs }, (_, i) => `n${this.nodes.length}${i ? `-${i}` : ''}`)
    const made = node(operator, inputs.map((name) => name ?? '-').join(' '), names[0], attributes)
    this.nodes.push({ ...made, output: names })
    return names[0]
  }
}
