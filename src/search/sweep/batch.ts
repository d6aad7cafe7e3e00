/**
 * Batches of lower bounds over a system (system.ts, src/device/wasm/assembly/sweep.ts, src/device/wasm/assembly/input-ball.ts). A batch row is a linear
 * function of the system with slopes and splits of its own: a bound of a neuron, or a sub-problem of a search.
 * Problem, soundness and sources are those of system.ts.
 */
import type { Doubles, Pointer } from '../../device/wasm/pointers.ts'
import type { Region } from '../../region/region.ts'
import { FREE, ON, type Phase, isUnstable } from '../../model/phase.ts'
import type { Row } from '../system/condensed.ts'
import { upperIntercept, upperSlope } from './lines.ts'
import type { System } from './system.ts'

export class Batch {
  readonly system: System
  readonly rows: number
  readonly #struct: Pointer<'System'>
  readonly #own: Doubles
  readonly #constant: Doubles
  readonly #hat: Doubles
  readonly #slope: Doubles
  readonly #intercept: Doubles
  readonly #variable: Doubles
  readonly #values: Doubles
  readonly #before: Doubles
  readonly #bound: Doubles
  readonly #momentum: Doubles
  readonly #square: Doubles
  readonly #scale: Doubles
  readonly #loss: Doubles
  readonly #coefficients: Doubles
  readonly #level: Doubles
  /** [input][row]: the rows' own boxes, if they have any. */
  readonly #centre: Float64Array
  readonly #radius: Float64Array
  #step = 0

  /** @param rows room for so many; a multiple of 8 */
  constructor(system: System, rows: number) {
    if (rows % 8 !== 0) throw new RangeError(`a batch of ${rows} rows`)
    this.system = system
    this.rows = rows
    const { engine, inputs, neurons } = system
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
    this.#before = doubles(neurons)
    this.#bound = doubles(1)
    this.#momentum = doubles(neurons)
    this.#square = doubles(neurons)
    this.#scale = doubles(neurons)
    this.#loss = doubles(neurons)
    this.#centre = new Float64Array(system.ownBoxes ? inputs * rows : 0)
    this.#radius = new Float64Array(this.#centre.length)
    this.#struct = engine.struct('System', {
      inputs,
      neurons,
      rows,
      ...system.header,
      ...system.tail,
      own: this.#own,
      constant: this.#constant,
      coefficients: this.#coefficients,
      hat: this.#hat,
      slope: this.#slope,
      intercept: this.#intercept,
      variable: this.#variable,
      values: this.#values,
      before: this.#before,
      bound: this.#bound,
      momentum: this.#momentum,
      square: this.#square,
      scale: this.#scale,
      loss: this.#loss,
    })
  }

  /** Puts a linear function, or its negative, into a row; its neurons must be set next. */
  setFunction(r: number, { bias, source, weight, error }: Row, sign: 1 | -1): void {
    const { engine, inputs, neurons } = this.system
    const { f64 } = engine
    for (let s = 0, at = (this.#own >> 3) + r; s < inputs + neurons; s++, at += this.rows) f64[at] = 0
    source.forEach((s, e) => (f64[(this.#own >> 3) + s * this.rows + r] = sign * weight[e]))
    f64[(this.#constant >> 3) + r] = sign * bias - this.system.slackOf({ bias, source, weight, error })
  }

  /**
   * Sets a neuron in rows `first` to `end` − 1.
   * @param variable lower slope if the neuron is free and unstable, else the multiplier of its split
   * @param scale of the steps of the variable; 0 keeps it
   * @param l, u bounds that hold in these rows
   */
  setNeuron(
    k: number,
    phase: Phase,
    variable: number,
    scale: number,
    first = 0,
    end = this.rows,
    l = this.system.lower[k],
    u = this.system.upper[k],
  ): void {
    const { f64 } = this.system.engine
    const unstable = phase === FREE && isUnstable(l, u)
    const on = phase === ON || (phase === FREE && l >= 0)
    const slope = unstable ? upperSlope(l, u) : on ? 1 : 0
    const moves = unstable || phase !== FREE
    const fill = (array: Doubles, value: number) => {
      for (let at = (array >> 3) + k * this.rows + first, last = at + end - first; at < last; at++) f64[at] = value
    }
    fill(this.#slope, slope)
    fill(this.#intercept, unstable ? upperIntercept(l, u, slope) : 0)
    fill(this.#variable, moves ? variable : 0)
    fill(this.#scale, moves ? scale : 0)
    fill(this.#momentum, 0)
    fill(this.#square, 0)
    fill(this.#loss, 0)
  }

  /** Where rows have boxes of their own: that of row `r`, within the region's. */
  setBox(r: number, { lower, upper }: Region): void {
    for (let i = 0, at = r; i < lower.length; i++, at += this.rows) {
      const centre = lower[i] / 2 + upper[i] / 2
      this.#centre[at] = centre
      this.#radius[at] = Math.max(upper[i] - centre, centre - lower[i]) * (1 + 2 ** -52)
    }
  }

  /** Row `r` of another batch of the same system, for its bound alone. */
  copyRow(to: number, from: Batch, r: number): void {
    const { f64 } = this.system.engine
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
    for (let at = to, other = r; at < this.#centre.length; at += this.rows, other += from.rows) {
      this.#centre[at] = from.#centre[other]
      this.#radius[at] = from.#radius[other]
    }
  }

  /** Lower bounds of all rows; a view that the next allocation or sweep may change. */
  bounds(): Float64Array {
    const { engine, ball, ownBoxes, inputs } = this.system
    engine.kernels.dualSweep(this.#struct)
    if (ball) {
      const { norm, isCut, below, above, radius } = ball
      const counts = [norm === 'l1', isCut, inputs, this.rows] as const
      engine.kernels.ballBound(...counts, this.#coefficients, below, above, radius, this.#bound, this.#level)
    }
    const bounds = this.#view(this.#bound, 1)
    if (ownBoxes) {
      const coefficients = this.#view(this.#coefficients, inputs)
      for (let at = 0; at < coefficients.length; at++) {
        const value = coefficients[at]
        bounds[at % this.rows] += value * this.#centre[at] - Math.abs(value) * this.#radius[at]
      }
    }
    return bounds
  }

  /** The steps start anew, with the momenta that `setNeuron` has cleared. */
  restart(): void {
    this.#step = 0
  }

  /** After `bounds`: one step of every variable towards a higher bound. */
  ascend(rate: number): void {
    const { kernels } = this.system.engine
    const t = ++this.#step
    this.#forwards(false)
    kernels.ascend(this.#struct, rate / (1 - 0.9 ** t), 1 / (1 - 0.99 ** t), t === 1 ? 0 : 0.8)
  }

  /** After `bounds`: the inputs where each row's bound is attained, and real ReLUs there: [input or neuron][row]. */
  attack(): Float64Array {
    this.#forwards(true)
    return this.#view(this.#values, this.system.inputs + this.system.neurons)
  }

  /** From the inputs where each row's bound is attained, through real ReLUs if `exact`. */
  #forwards(exact: boolean): void {
    const { engine, ball, ownBoxes, inputs, tail } = this.system
    const { kernels } = engine
    if (ball) {
      const { norm, below, above, radius } = ball
      const counts = [norm === 'l1', inputs, this.rows] as const
      kernels.ballPoint(...counts, this.#coefficients, below, above, radius, tail.centre, this.#level, this.#values)
    } else if (ownBoxes) {
      const coefficients = this.#view(this.#coefficients, inputs)
      const values = this.#view(this.#values, inputs)
      coefficients.forEach((value, at) => {
        values[at] = this.#centre[at] - Math.sign(value) * this.#radius[at]
      })
    } else kernels.boxPoint(this.#struct)
    kernels.primalSweep(this.#struct, exact)
  }

  /** [neuron][row] */
  get variables(): Float64Array {
    return this.#view(this.#variable, this.system.neurons)
  }

  /** [neuron][row]: how much each unstable neuron's relaxation loses of the bound, averaged over the steps. */
  get losses(): Float64Array {
    return this.#view(this.#loss, this.system.neurons)
  }

  /** [neuron][row]: what reaches each neuron from above. */
  get hats(): Float64Array {
    return this.#view(this.#hat, this.system.neurons)
  }

  #view(pointer: Doubles, count: number): Float64Array {
    return this.system.engine.f64.subarray(pointer >> 3, (pointer >> 3) + count * this.rows)
  }
}
