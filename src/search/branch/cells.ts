/**
 * Bounds of a condensed system's neurons over part of its box, for searches that halve boxes of few inputs: what a
 * smaller box or the phases of a sub-problem settle is multiplied out, and only neurons that are still unstable are
 * bounded again, by backward substitution with adaptive slopes (Zhang et al. 2018).
 * Problem: bounds of every neuron and of one case's margin over a cell. Sound: yes, rounding included as in system.ts.
 * Complete: no. A cell costs a millisecond where some 100 neurons are unstable, and far less where few are.
 */
import { FREE, OFF, ON, type Phases, isUnstable } from '../../model/phase.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import type { Doubles, Integers, Pointer } from '../../device/wasm/pointers.ts'
import { adaptiveSlope, upperIntercept, upperSlope } from '../sweep/lines.ts'
import { better } from '../sweep/best-bounds.ts'
import type { Condensed } from '../system/condensed.ts'
import { UNDERFLOW, UNIT } from '../system/range.ts'

/** A box of inputs. */
export interface Box {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** Of every neuron's z. */
export interface Bounds {
  readonly neuronLower: Float64Array
  readonly neuronUpper: Float64Array
}

/** A box within a system's, and bounds that hold at those of its inputs where a sub-problem's phases do. */
export interface Cell extends Box, Bounds {
  /** Inputs that vary, first those where halving the box may narrow most of what costs the bound. */
  readonly axes: readonly number[]
}

export const bytesOfCell = ({ inputs, neurons }: Condensed): number => 16 * (inputs + neurons) + 8 * inputs + 500

/** The halves of a cell's box, along the first of its axes where float64 has a number between both ends, if any. */
export function halvesOf({ lower, upper, axes }: Cell): Box[] {
  for (const axis of axes) {
    const middle = lower[axis] / 2 + upper[axis] / 2
    if (!(middle > lower[axis] && middle < upper[axis])) continue
    return [
      { lower, upper: upper.with(axis, middle) },
      { lower: lower.with(axis, middle), upper },
    ]
  }
  return []
}

/**
 * Makes cells of one system. Neurons that a cell leaves open are numbered 0 … m − 1, in the order of the system. What
 * src/device/wasm/assembly/forms.ts reads is in the engine's memory: arrays there are pointers.
 */
export class Cells {
  readonly #engine: Engine
  readonly #system: Condensed
  /** What rounding costs: of sums that make a form, and of sweeps over forms. */
  readonly #rounding: number
  readonly #gamma: number
  /** Per input, of the cell's box: pointers. */
  readonly #centre: Doubles
  readonly #radius: Doubles
  /** Per input, then per open neuron: largest absolute value. */
  readonly #largest: Float64Array
  /** Per neuron, over the cell: its phase, and where it is free its number. */
  readonly #phase: Phases
  readonly #number: Int32Array
  /** Per neuron, and for the case's row: a linear function of the inputs and of the open neurons before it. */
  readonly #form: readonly Doubles[]
  readonly #length: Int32Array
  readonly #bias: Float64Array
  readonly #error: Float64Array
  readonly #magnitude: Float64Array
  /** Per open neuron: which one; pointers to their forms, and to the lines of their ReLUs. */
  readonly #open: Int32Array
  readonly #openForm: Integers
  readonly #openLength: Integers
  readonly #openBias: Doubles
  readonly #openSlack: Doubles
  readonly #lowerSlope: Doubles
  readonly #upperSlope: Doubles
  readonly #intercept: Doubles
  /** [input or open neuron][form, its negative]: what the last sweep made of the coefficients. */
  readonly #coefficients: Doubles
  readonly #bounds: Doubles
  readonly #struct: Pointer<'Cell'>
  /** [neuron][input]: how far the neuron's bounds reach along the input. */
  readonly #reach: Float64Array
  #count = 0

  /** Memory is taken from the engine's arena: the caller marks and releases. */
  constructor(engine: Engine, system: Condensed) {
    const { inputs, neurons } = system
    const sources = inputs + neurons
    this.#engine = engine
    this.#system = system
    this.#rounding = 4 * UNIT * (sources + 16)
    this.#gamma = 8 * UNIT * (sources + 64)
    this.#centre = engine.doubles(inputs)
    this.#radius = engine.doubles(inputs)
    this.#largest = new Float64Array(sources)
    this.#phase = new Int8Array(neurons)
    this.#number = new Int32Array(neurons)
    this.#form = Array.from({ length: neurons + 1 }, (_, k) => engine.doubles(inputs + k))
    this.#length = new Int32Array(neurons + 1)
    this.#bias = new Float64Array(neurons + 1)
    this.#error = new Float64Array(neurons + 1)
    this.#magnitude = new Float64Array(neurons + 1)
    this.#open = new Int32Array(neurons)
    this.#openForm = engine.integers(neurons)
    this.#openLength = engine.integers(neurons)
    this.#openBias = engine.doubles(neurons)
    this.#openSlack = engine.doubles(neurons)
    this.#lowerSlope = engine.doubles(neurons)
    this.#upperSlope = engine.doubles(neurons)
    this.#intercept = engine.doubles(neurons)
    this.#coefficients = engine.doubles(2 * sources)
    this.#bounds = engine.doubles(2)
    this.#struct = engine.struct('Cell', {
      inputs,
      forms: this.#openForm,
      lengths: this.#openLength,
      bias: this.#openBias,
      slack: this.#openSlack,
      lowerSlope: this.#lowerSlope,
      upperSlope: this.#upperSlope,
      intercept: this.#intercept,
      centre: this.#centre,
      radius: this.#radius,
      coefficients: this.#coefficients,
      bound: this.#bounds,
    })
    this.#reach = new Float64Array(neurons * inputs)
  }

  /**
   * The cell of a box, and a lower bound of a case's margin over it: Infinity if nothing in the box has the phases.
   * @param parent bounds that hold in the box, too
   * @param phases of the sub-problem
   * @param row of the case
   */
  within(
    { lower, upper }: Box,
    parent: Bounds,
    phases: Phases,
    row: number,
  ): { readonly cell: Cell; readonly bound: number } {
    const { neurons } = this.#system
    const neuronLower = parent.neuronLower.slice()
    const neuronUpper = parent.neuronUpper.slice()
    const cell = (axes: readonly number[]): Cell => ({ lower, upper, neuronLower, neuronUpper, axes })
    this.#setBox(lower, upper)
    for (let k = 0; k < neurons; k++) {
      const phase = phases[k]
      const wasUnstable = isUnstable(neuronLower[k], neuronUpper[k])
      if (wasUnstable) {
        this.#makeForm(k, k)
        const ends = this.#bound(k)
        neuronLower[k] = better(neuronLower[k], ends.least)
        neuronUpper[k] = -better(-neuronUpper[k], -ends.most)
      }
      const [l, u] = [neuronLower[k], neuronUpper[k]]
      if (l > u || (phase === ON && u < 0) || (phase === OFF && l > 0)) {
        return { cell: cell([]), bound: Infinity }
      }
      if (phase === OFF || (phase === FREE && u <= 0)) this.#phase[k] = OFF
      else if (phase === ON || l >= 0) {
        if (!wasUnstable) this.#makeForm(k, k)
        this.#phase[k] = ON
      } else this.#addOpen(k, l, u)
    }
    this.#makeForm(neurons, row)
    const bound = better(-Infinity, this.#bound(neurons).least)
    return { cell: cell(this.#axes(neuronLower, neuronUpper)), bound }
  }

  #setBox(lower: Float64Array, upper: Float64Array): void {
    const { f64 } = this.#engine
    this.#count = 0
    for (let i = 0; i < lower.length; i++) {
      const centre = lower[i] / 2 + upper[i] / 2
      const radius = Math.max(upper[i] - centre, centre - lower[i]) * (1 + 2 * UNIT)
      f64[(this.#centre >> 3) + i] = centre
      f64[(this.#radius >> 3) + i] = radius
      this.#largest[i] = Math.abs(centre) + radius
    }
  }

  #addOpen(k: number, l: number, u: number): void {
    const { f64, i32 } = this.#engine
    const t = this.#count++
    const slope = upperSlope(l, u)
    this.#phase[k] = FREE
    this.#number[k] = t
    this.#open[t] = k
    this.#largest[this.#system.inputs + t] = u
    i32[(this.#openForm >> 2) + t] = this.#form[k]
    i32[(this.#openLength >> 2) + t] = this.#length[k]
    f64[(this.#openBias >> 3) + t] = this.#bias[k]
    f64[(this.#openSlack >> 3) + t] = this.#slackOf(k)
    f64[(this.#lowerSlope >> 3) + t] = adaptiveSlope(l, u)
    f64[(this.#upperSlope >> 3) + t] = slope
    f64[(this.#intercept >> 3) + t] = upperIntercept(l, u, slope)
  }

  /** What rounding may cost per unit of a form's coefficient. */
  #slackOf(k: number): number {
    return this.#error[k] + this.#gamma * this.#magnitude[k] + UNDERFLOW
  }

  /** Writes row `r` of the system as a form, to place `k`. */
  #makeForm(k: number, r: number): void {
    const { inputs, start, source, weight } = this.#system
    const { f64, kernels } = this.#engine
    const pointer = this.#form[k]
    const form = pointer >> 3
    const length = inputs + this.#count
    // kernels read two at a time
    f64.fill(0, form, form + length + (length & 1))
    let bias = this.#system.bias[r]
    let error = this.#system.error[r]
    /** Of all terms before they cancel. */
    let magnitude = Math.abs(bias)
    for (let e = start[r]; e < start[r + 1]; e++) {
      const j = source[e] - inputs
      const w = weight[e]
      const size = Math.abs(w)
      const place = j < 0 ? source[e] : this.#phase[j] === FREE ? inputs + this.#number[j] : -1
      if (place >= 0) {
        f64[form + place] += w
        magnitude += size * this.#largest[place]
      } else if (this.#phase[j] === ON) {
        kernels.addForm(pointer, this.#form[j], this.#length[j], w)
        bias += w * this.#bias[j]
        error += size * this.#error[j]
        magnitude += size * this.#magnitude[j]
      }
    }
    this.#length[k] = length
    this.#bias[k] = bias
    this.#error[k] = (error + this.#rounding * magnitude) * (1 + this.#rounding) + UNDERFLOW
    let sum = Math.abs(bias)
    for (let i = 0; i < length; i++) sum += Math.abs(f64[form + i]) * this.#largest[i]
    this.#magnitude[k] = sum
  }

  /** Bounds of a form. */
  #bound(k: number): { readonly least: number; readonly most: number } {
    const { inputs, neurons } = this.#system
    const { f64, kernels } = this.#engine
    kernels.boundForm(this.#struct, this.#form[k], this.#length[k], this.#bias[k], this.#slackOf(k))
    const [coefficients, radius, bounds] = [this.#coefficients >> 3, this.#radius >> 3, this.#bounds >> 3]
    if (k < neurons) {
      for (let i = 0; i < inputs; i++) {
        const most = Math.max(Math.abs(f64[coefficients + 2 * i]), Math.abs(f64[coefficients + 2 * i + 1]))
        this.#reach[k * inputs + i] = most * f64[radius + i]
      }
    }
    return { least: f64[bounds], most: -f64[bounds + 1] }
  }

  /** After the sweep of the case's row. What an open neuron costs the bound falls with its width. */
  #axes(neuronLower: Float64Array, neuronUpper: Float64Array): number[] {
    const { inputs } = this.#system
    const { f64 } = this.#engine
    const scores = new Float64Array(inputs)
    for (let t = 0; t < this.#count; t++) {
      const k = this.#open[t]
      const [l, u] = [neuronLower[k], neuronUpper[k]]
      const hat = f64[(this.#coefficients >> 3) + 2 * (inputs + t)]
      const cost = hat < 0 ? (-hat * u * -l) / (u - l) : hat * Math.min(u, -l)
      for (let i = 0; i < inputs; i++) scores[i] += (cost / (u - l)) * this.#reach[k * inputs + i]
    }
    return [...scores.keys()].filter((i) => f64[(this.#radius >> 3) + i] > 0).toSorted((a, b) => scores[b] - scores[a])
  }
}
