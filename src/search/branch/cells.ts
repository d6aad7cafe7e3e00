/**
 * Cells: bounds of a condensed system's neurons, and of one case's margin, over part of its box, for searches that halve
 * boxes of few inputs. Neurons that the smaller box or the phases of a sub-problem settle are multiplied out. Only neurons
 * that are still open are bounded again, by backward substitution with adaptive slopes. Every neuron's value is a form:
 *
 *   z_k = bias_k + Σ_i weight_ki · x_i + Σ_t weight_kt · h_t,   h_t the open neurons before it
 *
 * A cell costs a millisecond where some 100 neurons are unstable, and far less where few are.
 * Sound: yes, rounding included as in system.ts. Complete: no. Source: Zhang et al. 2018.
 */
import { FREE, OFF, ON, type Phases, isUnstable } from '../../model/phase.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { Forms } from '../../device/wasm/forms.ts'
import type { Box } from '../../region/region.ts'
import { adaptiveSlope, upperIntercept, upperSlope } from '../sweep/lines.ts'
import { better } from '../sweep/best-bounds.ts'
import type { Condensed } from '../system/condensed.ts'
import { UNDERFLOW, UNIT } from '../system/range.ts'

/** Bounds of every neuron's z. */
export interface Bounds {
  readonly neuronLower: Float64Array
  readonly neuronUpper: Float64Array
}

/** A box within a system's, and bounds that hold at those of its inputs where a sub-problem's phases do. */
export interface Cell extends Box, Bounds {
  /** The inputs that vary. Halving the box along the first of them may raise the bound most. */
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

/** Makes cells of one system. Neurons that a cell leaves open are numbered 0 … m − 1, in the order of the system. */
export class Cells {
  readonly #system: Condensed
  /** What rounding costs, per unit of magnitude: in sums that make a form, and in sweeps over forms. */
  readonly #rounding: number
  readonly #gamma: number
  /** Per input, then per open neuron: largest absolute value. */
  readonly #largest: Float64Array
  /** Per neuron, over the cell: its phase, and where it is free its number. */
  readonly #phase: Phases
  readonly #number: Int32Array
  /** Per neuron, and for the case's row: a linear function of the inputs and of the open neurons before it. */
  readonly #forms: Forms
  readonly #bias: Float64Array
  readonly #error: Float64Array
  readonly #magnitude: Float64Array
  /** Per open neuron: which one. */
  readonly #open: Int32Array
  /** [neuron][input]: how far the neuron's bounds reach along the input. */
  readonly #reach: Float64Array
  #count = 0

  /** Takes memory of the engine: the caller marks and releases. */
  constructor(engine: Engine, system: Condensed) {
    const { inputs, neurons } = system
    const sources = inputs + neurons
    this.#system = system
    this.#rounding = 4 * UNIT * (sources + 16)
    this.#gamma = 8 * UNIT * (sources + 64)
    this.#largest = new Float64Array(sources)
    this.#phase = new Int8Array(neurons)
    this.#number = new Int32Array(neurons)
    this.#forms = new Forms(engine, inputs, neurons)
    this.#bias = new Float64Array(neurons + 1)
    this.#error = new Float64Array(neurons + 1)
    this.#magnitude = new Float64Array(neurons + 1)
    this.#open = new Int32Array(neurons)
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
    this.#setBox({ lower, upper })
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
    return { cell: cell(this.#axes({ neuronLower, neuronUpper })), bound }
  }

  #setBox({ lower, upper }: Box): void {
    const { centre, radius } = this.#forms
    this.#count = 0
    for (let i = 0; i < lower.length; i++) {
      centre[i] = lower[i] / 2 + upper[i] / 2
      radius[i] = Math.max(upper[i] - centre[i], centre[i] - lower[i]) * (1 + 2 * UNIT)
      this.#largest[i] = Math.abs(centre[i]) + radius[i]
    }
  }

  #addOpen(k: number, l: number, u: number): void {
    const t = this.#count++
    const slope = upperSlope(l, u)
    this.#phase[k] = FREE
    this.#number[k] = t
    this.#open[t] = k
    this.#largest[this.#system.inputs + t] = u
    this.#forms.open(t, {
      form: k,
      bias: this.#bias[k],
      slack: this.#slackOf(k),
      lowerSlope: adaptiveSlope(l, u),
      upperSlope: slope,
      intercept: upperIntercept(l, u, slope),
    })
  }

  /** What rounding may cost per unit of a form's coefficient. */
  #slackOf(k: number): number {
    return this.#error[k] + this.#gamma * this.#magnitude[k] + UNDERFLOW
  }

  /** Writes row `r` of the system as a form, to place `k`. */
  #makeForm(k: number, r: number): void {
    const { inputs, start, source, weight } = this.#system
    const forms = this.#forms
    const length = inputs + this.#count
    const form = forms.clear(k, length)
    let bias = this.#system.bias[r]
    let error = this.#system.error[r]
    /** Sum of all absolute terms, before they cancel. */
    let magnitude = Math.abs(bias)
    for (let e = start[r]; e < start[r + 1]; e++) {
      const j = source[e] - inputs
      const w = weight[e]
      const size = Math.abs(w)
      const place = j < 0 ? source[e] : this.#phase[j] === FREE ? inputs + this.#number[j] : -1
      if (place >= 0) {
        form[place] += w
        magnitude += size * this.#largest[place]
      } else if (this.#phase[j] === ON) {
        forms.add(k, j, w)
        bias += w * this.#bias[j]
        error += size * this.#error[j]
        magnitude += size * this.#magnitude[j]
      }
    }
    this.#bias[k] = bias
    this.#error[k] = (error + this.#rounding * magnitude) * (1 + this.#rounding) + UNDERFLOW
    let sum = Math.abs(bias)
    for (let i = 0; i < length; i++) sum += Math.abs(form[i]) * this.#largest[i]
    this.#magnitude[k] = sum
  }

  /** Bounds of a form. */
  #bound(k: number): { readonly least: number; readonly most: number } {
    const { inputs, neurons } = this.#system
    const ends = this.#forms.bounds(k, this.#bias[k], this.#slackOf(k))
    if (k < neurons) {
      const { coefficients, radius } = this.#forms
      for (let i = 0; i < inputs; i++) {
        const most = Math.max(Math.abs(coefficients[2 * i]), Math.abs(coefficients[2 * i + 1]))
        this.#reach[k * inputs + i] = most * radius[i]
      }
    }
    return { least: ends[0], most: -ends[1] }
  }

  /** After the sweep of the case's row. An open neuron costs the bound less, the closer its bounds are. */
  #axes({ neuronLower, neuronUpper }: Bounds): number[] {
    const { inputs } = this.#system
    const { coefficients, radius } = this.#forms
    const scores = new Float64Array(inputs)
    for (let t = 0; t < this.#count; t++) {
      const k = this.#open[t]
      const [l, u] = [neuronLower[k], neuronUpper[k]]
      const hat = coefficients[2 * (inputs + t)]
      const cost = hat < 0 ? (-hat * u * -l) / (u - l) : hat * Math.min(u, -l)
      for (let i = 0; i < inputs; i++) scores[i] += (cost / (u - l)) * this.#reach[k * inputs + i]
    }
    return [...scores.keys()].filter((i) => radius[i] > 0).toSorted((a, b) => scores[b] - scores[a])
  }
}
