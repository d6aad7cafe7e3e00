/**
 * Bounds of a condensed system's neurons over part of its box, for searches that halve boxes of few inputs: what a
 * smaller box or the phases of a sub-problem settle is multiplied out, and only neurons that are still unstable are
 * bounded again, by backward substitution with adaptive slopes (Zhang et al. 2018).
 * Problem: bounds of every neuron and of one case's margin over a cell. Sound: yes, rounding included as in system.ts.
 * Complete: no. A cell costs a millisecond where some 100 neurons are unstable, and far less where few are.
 */
import { FREE, OFF, ON } from './batch.ts'
import { adaptiveSlope, better } from './condense.ts'
import type { Condensed } from './condensed.ts'
import { UNDERFLOW } from './range.ts'

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

/** The two halves of a cell's box, along the first of its axes where float64 has a number between both ends, if any. */
export function halvesOf({ lower, upper, axes }: Cell): Box[] {
  for (const axis of axes) {
    const middle = lower[axis]! / 2 + upper[axis]! / 2
    if (!(middle > lower[axis]! && middle < upper[axis]!)) continue
    return [
      { lower, upper: upper.with(axis, middle) },
      { lower: lower.with(axis, middle), upper },
    ]
  }
  return []
}

const UNIT = 2 ** -53
/** In place of the number of an open neuron. */
const IS_ON = -1
const IS_OFF = -2

/** Makes cells of one system. Neurons that a cell leaves open are numbered 0 … m − 1, in the order of the system. */
export class Cells {
  readonly #system: Condensed
  /** What rounding costs: of sums that make a form, and of sweeps over forms. */
  readonly #rounding: number
  readonly #gamma: number
  /** Per input: of the cell's box. */
  readonly #centre: Float64Array
  readonly #radius: Float64Array
  /** Per input, then per open neuron: largest absolute value. */
  readonly #largest: Float64Array
  /** Per neuron, and for the case's row: a linear function of the inputs and of the open neurons before it. */
  readonly #number: Int32Array
  readonly #form: readonly Float64Array[]
  readonly #length: Int32Array
  readonly #bias: Float64Array
  readonly #error: Float64Array
  readonly #magnitude: Float64Array
  /** Per open neuron: which one, and the lines of its ReLU. */
  readonly #open: Int32Array
  readonly #lowerSlope: Float64Array
  readonly #upperSlope: Float64Array
  readonly #intercept: Float64Array
  readonly #slack: Float64Array
  /** Per input, then per open neuron: what the last sweep made of the coefficients. */
  readonly #coefficients: Float64Array
  /** [neuron][input]: how far the neuron's bounds reach along the input. */
  readonly #reach: Float64Array
  #count = 0

  constructor(system: Condensed) {
    const { inputs, neurons } = system
    const sources = inputs + neurons
    const doubles = (count: number) => new Float64Array(count)
    this.#system = system
    this.#rounding = 4 * UNIT * (sources + 16)
    this.#gamma = 8 * UNIT * (sources + 64)
    this.#centre = doubles(inputs)
    this.#radius = doubles(inputs)
    this.#largest = doubles(sources)
    this.#number = new Int32Array(neurons)
    this.#form = Array.from({ length: neurons + 1 }, (_, k) => doubles(inputs + k))
    this.#length = new Int32Array(neurons + 1)
    this.#bias = doubles(neurons + 1)
    this.#error = doubles(neurons + 1)
    this.#magnitude = doubles(neurons + 1)
    this.#open = new Int32Array(neurons)
    this.#lowerSlope = doubles(neurons)
    this.#upperSlope = doubles(neurons)
    this.#intercept = doubles(neurons)
    this.#slack = doubles(neurons)
    this.#coefficients = doubles(sources)
    this.#reach = doubles(neurons * inputs)
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
    phases: Int8Array,
    row: number,
  ): { readonly cell: Cell; readonly bound: number } {
    const { neurons } = this.#system
    const neuronLower = parent.neuronLower.slice()
    const neuronUpper = parent.neuronUpper.slice()
    const cell = (axes: readonly number[]): Cell => ({ lower, upper, neuronLower, neuronUpper, axes })
    this.#setBox(lower, upper)
    for (let k = 0; k < neurons; k++) {
      const phase = phases[k]!
      const isUnstable = neuronLower[k]! < 0 && neuronUpper[k]! > 0
      if (isUnstable) {
        this.#makeForm(k, k)
        neuronLower[k] = better(neuronLower[k]!, this.#least(k, 1))
        neuronUpper[k] = -better(-neuronUpper[k]!, this.#least(k, -1))
      }
      const [l, u] = [neuronLower[k]!, neuronUpper[k]!]
      if (l > u || (phase === ON && u < 0) || (phase === OFF && l > 0)) {
        return { cell: cell([]), bound: Infinity }
      }
      if (phase === OFF || (phase === FREE && u <= 0)) this.#number[k] = IS_OFF
      else if (phase === ON || l >= 0) {
        if (!isUnstable) this.#makeForm(k, k)
        this.#number[k] = IS_ON
      } else this.#addOpen(k, l, u)
    }
    this.#makeForm(neurons, row)
    const bound = better(-Infinity, this.#least(neurons, 1))
    return { cell: cell(this.#axes(neuronLower, neuronUpper)), bound }
  }

  #setBox(lower: Float64Array, upper: Float64Array): void {
    this.#count = 0
    for (let i = 0; i < lower.length; i++) {
      const centre = lower[i]! / 2 + upper[i]! / 2
      const radius = Math.max(upper[i]! - centre, centre - lower[i]!) * (1 + 2 * UNIT)
      this.#centre[i] = centre
      this.#radius[i] = radius
      this.#largest[i] = Math.abs(centre) + radius
    }
  }

  #addOpen(k: number, l: number, u: number): void {
    const t = this.#count++
    const slope = u / (u - l)
    this.#number[k] = t
    this.#open[t] = k
    this.#largest[this.#system.inputs + t] = u
    this.#lowerSlope[t] = adaptiveSlope(l, u)
    this.#upperSlope[t] = slope
    // at u the line must not be below u, also where the slope underflows
    this.#intercept[t] = Math.max(-slope * l, u * (1 - slope), Number.MIN_VALUE)
    this.#slack[t] = this.#slackOf(k)
  }

  /** What rounding may cost per unit of a form's coefficient. */
  #slackOf(k: number): number {
    return this.#error[k]! + this.#gamma * this.#magnitude[k]! + UNDERFLOW
  }

  /** Writes row `r` of the system as a form, to place `k`. */
  #makeForm(k: number, r: number): void {
    const { inputs, start, source, weight } = this.#system
    const form = this.#form[k]!
    const length = inputs + this.#count
    form.fill(0, 0, length)
    let bias = this.#system.bias[r]!
    let error = this.#system.error[r]!
    /** Of all terms before they cancel. */
    let magnitude = Math.abs(bias)
    for (let e = start[r]!; e < start[r + 1]!; e++) {
      const j = source[e]! - inputs
      const w = weight[e]!
      const size = Math.abs(w)
      const place = j < 0 ? source[e]! : this.#number[j]! >= 0 ? inputs + this.#number[j]! : -1
      if (place >= 0) {
        form[place]! += w
        magnitude += size * this.#largest[place]!
      } else if (this.#number[j] === IS_ON) {
        const inner = this.#form[j]!
        for (let i = 0, end = this.#length[j]!; i < end; i++) form[i]! += w * inner[i]!
        bias += w * this.#bias[j]!
        error += size * this.#error[j]!
        magnitude += size * this.#magnitude[j]!
      }
    }
    this.#length[k] = length
    this.#bias[k] = bias
    this.#error[k] = (error + this.#rounding * magnitude) * (1 + this.#rounding) + UNDERFLOW
    let sum = Math.abs(bias)
    for (let i = 0; i < length; i++) sum += Math.abs(form[i]!) * this.#largest[i]!
    this.#magnitude[k] = sum
  }

  /** A lower bound of a form, or of its negative. */
  #least(k: number, sign: 1 | -1): number {
    const { inputs, neurons } = this.#system
    const coefficients = this.#coefficients
    const own = this.#form[k]!
    const length = this.#length[k]!
    for (let i = 0; i < length; i++) coefficients[i] = sign * own[i]!
    let bound = sign * this.#bias[k]! - this.#slackOf(k)
    for (let t = length - inputs - 1; t >= 0; t--) {
      const hat = coefficients[inputs + t]!
      if (hat === 0) continue
      if (hat < 0) bound += hat * this.#intercept[t]!
      const value = hat * (hat > 0 ? this.#lowerSlope[t]! : this.#upperSlope[t]!)
      if (value === 0) continue
      const j = this.#open[t]!
      const form = this.#form[j]!
      bound += value * this.#bias[j]! - Math.abs(value) * this.#slack[t]!
      for (let i = 0, end = this.#length[j]!; i < end; i++) coefficients[i]! += value * form[i]!
    }
    for (let i = 0; i < inputs; i++) {
      const reach = Math.abs(coefficients[i]!) * this.#radius[i]!
      bound += coefficients[i]! * this.#centre[i]! - reach
      const at = k * inputs + i
      if (k < neurons) this.#reach[at] = sign === 1 ? reach : Math.max(this.#reach[at]!, reach)
    }
    return bound
  }

  /** After the sweep of the case's row. What an open neuron costs the bound falls with its width. */
  #axes(neuronLower: Float64Array, neuronUpper: Float64Array): number[] {
    const { inputs } = this.#system
    const scores = new Float64Array(inputs)
    for (let t = 0; t < this.#count; t++) {
      const k = this.#open[t]!
      const [l, u] = [neuronLower[k]!, neuronUpper[k]!]
      const hat = this.#coefficients[inputs + t]!
      const cost = hat < 0 ? -hat * this.#intercept[t]! : hat * Math.min(u, -l)
      for (let i = 0; i < inputs; i++) scores[i]! += (cost / (u - l)) * this.#reach[k * inputs + i]!
    }
    return [...scores.keys()].filter((i) => this.#radius[i]! > 0).toSorted((a, b) => scores[b]! - scores[a]!)
  }
}
