/**
 * Batches of lower bounds over a system (system.ts). A row of a batch is a linear function of the system with slopes and
 * splits of its own: a bound of a neuron, or a sub-problem of a search. A neuron passes a row's coefficient ν̂ on as
 *
 *   unstable: ν = lower slope · ν̂ where ν̂ > 0, else upper slope · ν̂      on: ν = ν̂      off: ν = 0
 *
 * and adds the multiplier of its split, if it was split.
 * Sound: yes, rounding included. Complete: no. Sources: those of system.ts.
 */
import { SweepBatch } from '../../device/wasm/sweep-batch.ts'
import { FREE, ON, type Phase, isUnstable } from '../../model/phase.ts'
import type { Box } from '../../region/region.ts'
import type { Row } from '../system/condensed.ts'
import { UNIT } from '../system/range.ts'
import { upperIntercept, upperSlope } from './lines.ts'
import type { System } from './system.ts'

/** How a row sees a neuron. */
export interface NeuronState {
  readonly phase: Phase
  /** The lower slope if the neuron is free and unstable, else the multiplier of its split. */
  readonly variable: number
  /** Of the variable's steps; with 0 it stays as it is. */
  readonly scale: number
  /** Bounds that hold in the row. */
  readonly lower: number
  readonly upper: number
}

export class Batch {
  readonly system: System
  readonly rows: number
  readonly #sweeps: SweepBatch
  /** [input][row]: the rows' own boxes, if they have any. */
  readonly #centre: Float64Array
  readonly #radius: Float64Array
  #step = 0

  /** @param rows room for so many; a multiple of 8 */
  constructor(system: System, rows: number) {
    this.system = system
    this.rows = rows
    this.#sweeps = new SweepBatch(system.swept, rows)
    this.#centre = new Float64Array(system.ownBoxes ? system.inputs * rows : 0)
    this.#radius = new Float64Array(this.#centre.length)
  }

  /** Puts a linear function, or its negative, into a row; its neurons must be set next. */
  setFunction(r: number, row: Row, sign: 1 | -1): void {
    const { bias, source, weight } = row
    const constant = sign * bias - this.system.slackOf(row)
    this.#sweeps.setFunction(r, { source, weight, sign, constant })
  }

  /** Sets a neuron in rows `first` to `end` − 1. */
  setNeuron(k: number, state: NeuronState, first = 0, end = this.rows): void {
    const { phase, variable, scale, lower, upper } = state
    const unstable = phase === FREE && isUnstable(lower, upper)
    const on = phase === ON || (phase === FREE && lower >= 0)
    const slope = unstable ? upperSlope(lower, upper) : on ? 1 : 0
    const intercept = unstable ? upperIntercept(lower, upper, slope) : 0
    const moves = unstable || phase !== FREE
    const lines = { slope, intercept, variable: moves ? variable : 0, scale: moves ? scale : 0 }
    this.#sweeps.setNeuron(k, lines, first, end)
  }

  /** Where rows have boxes of their own: sets the box of row `r`, which lies within the region's. */
  setBox(r: number, { lower, upper }: Box): void {
    for (let i = 0, at = r; i < lower.length; i++, at += this.rows) {
      const centre = lower[i] / 2 + upper[i] / 2
      this.#centre[at] = centre
      this.#radius[at] = Math.max(upper[i] - centre, centre - lower[i]) * (1 + 2 * UNIT)
    }
  }

  /** Copies row `r` of another batch of the same system: all that its bound needs. */
  copyRow(to: number, from: Batch, r: number): void {
    this.#sweeps.copyRow(to, from.#sweeps, r)
    for (let at = to, other = r; at < this.#centre.length; at += this.rows, other += from.rows) {
      this.#centre[at] = from.#centre[other]
      this.#radius[at] = from.#radius[other]
    }
  }

  /** Lower bounds of all rows; a view that the next allocation or sweep may change. */
  bounds(): Float64Array {
    const bounds = this.#sweeps.sweepBack()
    if (this.system.ownBoxes) {
      const coefficients = this.#sweeps.inputCoefficients
      for (let at = 0; at < coefficients.length; at++) {
        const value = coefficients[at]
        bounds[at % this.rows] += value * this.#centre[at] - Math.abs(value) * this.#radius[at]
      }
    }
    return bounds
  }

  /** The steps start again, with the momenta that `setNeuron` has cleared. */
  restart(): void {
    this.#step = 0
  }

  /** After `bounds`: one step of every variable towards a higher bound. */
  ascend(rate: number): void {
    const t = ++this.#step
    this.#findInputs()
    this.#sweeps.sweepAlongLines()
    this.#sweeps.ascend(rate / (1 - 0.9 ** t), 1 / (1 - 0.99 ** t))
  }

  /** After `bounds`: the inputs where each row's bound is attained, and real ReLUs there: [input or neuron][row]. */
  attack(): Float64Array {
    this.#findInputs()
    return this.#sweeps.sweepThroughReLUs()
  }

  /** The inputs where each row's bound is attained. */
  #findInputs(): void {
    if (!this.system.ownBoxes) return this.#sweeps.findInputs()
    const { inputCoefficients, inputValues } = this.#sweeps
    inputCoefficients.forEach((value, at) => {
      inputValues[at] = this.#centre[at] - Math.sign(value) * this.#radius[at]
    })
  }

  /** [neuron][row] */
  get variables(): Float64Array {
    return this.#sweeps.variables
  }

  /** [neuron][row]: what reaches each neuron from above. */
  get hats(): Float64Array {
    return this.#sweeps.hats
  }
}
