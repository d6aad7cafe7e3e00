/**
 * Linear functions of inputs and of open neurons ("forms"), numbered from 0, and bounds of them over a box of inputs
 * (assembly/forms.ts). In a form coefficients of the inputs come first, then those of the neurons that were open before it.
 */
import { DoubleArray } from './double-array.ts'
import type { Engine } from './engine.ts'
import type { Integers, Pointer } from './pointers.ts'

/** An open neuron: its value, what a unit of its coefficient costs in rounding, and the lines of its ReLU. */
export interface OpenNeuron {
  /** Number of its form, and the form's constant. */
  readonly form: number
  readonly bias: number
  readonly slack: number
  readonly lowerSlope: number
  readonly upperSlope: number
  readonly intercept: number
}

export class Forms {
  readonly #engine: Engine
  readonly #forms: readonly DoubleArray[]
  readonly #lengths: Int32Array
  /** Per open neuron. */
  readonly #openForm: Integers
  readonly #openLength: Integers
  readonly #bias: DoubleArray
  readonly #slack: DoubleArray
  readonly #lowerSlope: DoubleArray
  readonly #upperSlope: DoubleArray
  readonly #intercept: DoubleArray
  readonly #centre: DoubleArray
  readonly #radius: DoubleArray
  readonly #coefficients: DoubleArray
  readonly #ends: DoubleArray
  readonly #struct: Pointer<'Cell'>

  /**
   * Room for one form more than there are neurons. The caller marks and releases the engine's memory.
   * @param neurons of which all may be open
   */
  constructor(engine: Engine, inputs: number, neurons: number) {
    const doubles = (length: number) => DoubleArray.create(engine, length)
    this.#engine = engine
    // kernels read two at a time
    this.#forms = Array.from({ length: neurons + 1 }, (_, k) => doubles(inputs + k + 1))
    this.#lengths = new Int32Array(neurons + 1)
    this.#openForm = engine.integers(neurons)
    this.#openLength = engine.integers(neurons)
    this.#bias = doubles(neurons)
    this.#slack = doubles(neurons)
    this.#lowerSlope = doubles(neurons)
    this.#upperSlope = doubles(neurons)
    this.#intercept = doubles(neurons)
    this.#centre = doubles(inputs)
    this.#radius = doubles(inputs)
    this.#coefficients = doubles(2 * (inputs + neurons))
    this.#ends = doubles(2)
    this.#struct = engine.struct('Cell', {
      inputs,
      forms: this.#openForm,
      lengths: this.#openLength,
      bias: this.#bias.pointer,
      slack: this.#slack.pointer,
      lowerSlope: this.#lowerSlope.pointer,
      upperSlope: this.#upperSlope.pointer,
      intercept: this.#intercept.pointer,
      centre: this.#centre.pointer,
      radius: this.#radius.pointer,
      coefficients: this.#coefficients.pointer,
      bound: this.#ends.pointer,
    })
  }

  /** Per input, of the box: to read and write until the next allocation. */
  get centre(): Float64Array {
    return this.#centre.view
  }

  get radius(): Float64Array {
    return this.#radius.view
  }

  /** Makes form `k` zero. @returns its coefficients, `length` of them, to write until the next allocation */
  clear(k: number, length: number): Float64Array {
    const form = this.#forms[k].view
    form.fill(0, 0, length + (length & 1))
    this.#lengths[k] = length
    return form
  }

  /** Form k += weight · form j, which is no longer. */
  add(k: number, j: number, weight: number): void {
    this.#engine.kernels.addForm(this.#forms[k].pointer, this.#forms[j].pointer, this.#lengths[j], weight)
  }

  /** Makes a neuron the `t`-th open one. */
  open(t: number, { form, bias, slack, lowerSlope, upperSlope, intercept }: OpenNeuron): void {
    const { i32 } = this.#engine
    i32[(this.#openForm >> 2) + t] = this.#forms[form].pointer
    i32[(this.#openLength >> 2) + t] = this.#lengths[form]
    this.#bias.view[t] = bias
    this.#slack.view[t] = slack
    this.#lowerSlope.view[t] = lowerSlope
    this.#upperSlope.view[t] = upperSlope
    this.#intercept.view[t] = intercept
  }

  /**
   * Lower bounds of form `k` plus a constant, and of its negative.
   * @param slack what rounding has cost the form
   * @returns both, until the next bound
   */
  bounds(k: number, bias: number, slack: number): Float64Array {
    this.#engine.kernels.boundForm(this.#struct, this.#forms[k].pointer, this.#lengths[k], bias, slack)
    return this.#ends.view
  }

  /** [input or open neuron][form, its negative]: what the last bound made of the coefficients. */
  get coefficients(): Float64Array {
    return this.#coefficients.view
  }
}
