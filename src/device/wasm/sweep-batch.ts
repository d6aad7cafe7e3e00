/**
 * Sweeps over a system (swept-system.ts) with a batch of rows. A row is a linear function of the system, to be minimised,
 * under lines and splits of its own. The dual sweep goes from the last neuron to the inputs and gives the bound; the
 * primal one goes back from the input where it is attained; both together give the gradient that `ascend` climbs.
 * Arrays lie [neuron or input][row]. What views show is theirs until the next allocation or sweep.
 */
import type { Engine } from './engine.ts'
import type { Doubles, Pointer } from './pointers.ts'
import type { SweptSystem } from './swept-system.ts'

/** How a row passes a neuron. */
export interface NeuronLines {
  /** The upper line of its ReLU; the intercept is above 0 only where the neuron is unstable. */
  readonly slope: number
  readonly intercept: number
  /** The lower slope where it is unstable, else the multiplier of its split. */
  readonly variable: number
  /** Of the variable's steps; 0 keeps it. */
  readonly scale: number
}

/** sign · Σ weight · source + constant. */
export interface SweptFunction {
  readonly source: Int32Array
  readonly weight: Float64Array
  readonly sign: 1 | -1
  readonly constant: number
}

export class SweepBatch {
  readonly system: SweptSystem
  readonly rows: number
  readonly #engine: Engine
  readonly #struct: Pointer<'System'>
  readonly #own: Doubles
  readonly #constant: Doubles
  readonly #hat: Doubles
  readonly #slope: Doubles
  readonly #intercept: Doubles
  readonly #variable: Doubles
  readonly #values: Doubles
  readonly #bound: Doubles
  readonly #momentum: Doubles
  readonly #square: Doubles
  readonly #scale: Doubles
  readonly #coefficients: Doubles
  readonly #level: Doubles

  /** @param rows room for so many; a multiple of 8 */
  constructor(system: SweptSystem, rows: number) {
    if (rows % 8 !== 0) throw new RangeError(`a batch of ${rows} rows`)
    this.system = system
    this.rows = rows
    const { engine, inputs, neurons } = system
    this.#engine = engine
    const doubles = (count: number) => engine.zeroDoubles(count * rows)
    this.#own = doubles(inputs + neurons)
    this.#constant = doubles(1)
    this.#coefficients = doubles(inputs + neurons)
    this.#level = doubles(1)
    this.#hat = doubles(neurons)
    this.#slope = doubles(neurons)
    this.#intercept = doubles(neurons)
    this.#variable = doubles(neurons)
    this.#values = doubles(inputs + neurons)
    this.#bound = doubles(1)
    this.#momentum = doubles(neurons)
    this.#square = doubles(neurons)
    this.#scale = doubles(neurons)
    this.#struct = engine.struct('System', {
      inputs,
      neurons,
      rows,
      ...system.fields,
      own: this.#own,
      constant: this.#constant,
      coefficients: this.#coefficients,
      hat: this.#hat,
      slope: this.#slope,
      intercept: this.#intercept,
      variable: this.#variable,
      values: this.#values,
      before: doubles(neurons),
      bound: this.#bound,
      momentum: this.#momentum,
      square: this.#square,
      scale: this.#scale,
    })
  }

  /** Puts a linear function into a row; its neurons must be set next. */
  setFunction(r: number, { source, weight, sign, constant }: SweptFunction): void {
    const { inputs, neurons } = this.system
    const { f64 } = this.#engine
    for (let s = 0, at = (this.#own >> 3) + r; s < inputs + neurons; s++, at += this.rows) f64[at] = 0
    source.forEach((s, e) => (f64[(this.#own >> 3) + s * this.rows + r] = sign * weight[e]))
    f64[(this.#constant >> 3) + r] = constant
  }

  /** Sets a neuron in rows `first` to `end` − 1, and forgets what its variable has moved so far. */
  setNeuron(k: number, { slope, intercept, variable, scale }: NeuronLines, first: number, end: number): void {
    const { f64 } = this.#engine
    const fill = (array: Doubles, value: number) => {
      for (let at = (array >> 3) + k * this.rows + first, last = at + end - first; at < last; at++) f64[at] = value
    }
    fill(this.#slope, slope)
    fill(this.#intercept, intercept)
    fill(this.#variable, variable)
    fill(this.#scale, scale)
    fill(this.#momentum, 0)
    fill(this.#square, 0)
  }

  /** Row `r` of another batch of the same system, for its bound alone. */
  copyRow(to: number, from: SweepBatch, r: number): void {
    const { f64 } = this.#engine
    const copy = (target: Doubles, source: Doubles, count: number) => {
      let [at, other] = [(target >> 3) + to, (source >> 3) + r]
      for (let i = 0; i < count; i++, at += this.rows, other += from.rows) f64[at] = f64[other]
    }
    const { inputs, neurons } = this.system
    copy(this.#own, from.#own, inputs + neurons)
    copy(this.#constant, from.#constant, 1)
    copy(this.#slope, from.#slope, neurons)
    copy(this.#intercept, from.#intercept, neurons)
    copy(this.#variable, from.#variable, neurons)
  }

  /** The dual sweep: lower bounds of all rows over the ball, or over the box if there is none. */
  sweepBack(): Float64Array {
    const { kernels } = this.#engine
    const { ball, inputs } = this.system
    kernels.dualSweep(this.#struct)
    if (ball) {
      const { isSum, isCut, below, above, radius } = ball
      const [coefficients, bound, level] = [this.#coefficients, this.#bound, this.#level]
      kernels.ballBound(isSum, isCut, inputs, this.rows, coefficients, below, above, radius, bound, level)
    }
    return this.#view(this.#bound, 1)
  }

  /** After `sweepBack`: takes the inputs where each row's bound is attained. */
  findInputs(): void {
    const { kernels } = this.#engine
    const { ball, inputs, fields } = this.system
    if (!ball) return kernels.boxPoint(this.#struct)
    const { isSum, below, above, radius } = ball
    const [coefficients, level, values] = [this.#coefficients, this.#level, this.#values]
    kernels.ballPoint(isSum, inputs, this.rows, coefficients, below, above, radius, fields.centre, level, values)
  }

  /** The primal sweep, along the lines that the bound took. */
  sweepAlongLines(): void {
    this.#engine.kernels.primalSweep(this.#struct, false)
  }

  /** The primal sweep through real ReLUs. @returns [input or neuron][row] */
  sweepThroughReLUs(): Float64Array {
    this.#engine.kernels.primalSweep(this.#struct, true)
    return this.#view(this.#values, this.system.inputs + this.system.neurons)
  }

  /**
   * After both sweeps: one step of Adam (Kingma & Ba 2015) for every variable.
   * @param rate length of a step, corrected for the momentum's start
   * @param correction of the square's start
   */
  ascend(rate: number, correction: number): void {
    this.#engine.kernels.ascend(this.#struct, rate, correction)
  }

  /** [input][row]: the coefficients that reach the inputs. */
  get inputCoefficients(): Float64Array {
    return this.#view(this.#coefficients, this.system.inputs)
  }

  /** [input][row]: the inputs that the primal sweep starts from. */
  get inputValues(): Float64Array {
    return this.#view(this.#values, this.system.inputs)
  }

  /** [neuron][row] */
  get variables(): Float64Array {
    return this.#view(this.#variable, this.system.neurons)
  }

  /** [neuron][row]: what reaches each neuron from above. */
  get hats(): Float64Array {
    return this.#view(this.#hat, this.system.neurons)
  }

  #view(pointer: Doubles, count: number): Float64Array {
    return this.#engine.f64.subarray(pointer >> 3, (pointer >> 3) + count * this.rows)
  }
}
