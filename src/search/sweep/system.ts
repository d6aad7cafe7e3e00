/**
 * A condensed system, made ready for batches of lower bounds over it (batch.ts): bounds of linear functions of a ReLU
 * network over a box, or over the part of a box in an ℓ2 or ℓ1 ball. Rounding is charged by the coefficient that meets it:
 *
 *   bound − Σ_k |ν_k| · slack_k,   slack_k = error_k + γ · Σ |weight_ki| · max |s_i|
 *
 * Sound: yes, rounding included. Complete: no.
 * Sources: Zhang et al. 2018 (CROWN), Xu et al. 2021 (optimised slopes), Wang et al. 2021 (multipliers of splits).
 */
import type { Engine } from '../../device/wasm/engine.ts'
import { SweptSystem } from '../../device/wasm/swept-system.ts'
import type { Neurons, Row } from '../system/condensed.ts'
import { UNDERFLOW, UNIT } from '../system/range.ts'

/** What sweeps go over. */
export interface SweptNeurons extends Neurons {
  /** Whether each row of a batch has a box of its own, within the region's; not over a ball. */
  readonly ownBoxes?: boolean
}

export class System {
  readonly inputs: number
  readonly neurons: number
  readonly ownBoxes: boolean
  /** On the device. */
  readonly swept: SweptSystem
  /** Largest absolute value of every source. */
  readonly #largest: Float64Array
  readonly #gamma: number

  /** Takes memory of the engine: the caller marks and releases. */
  constructor(engine: Engine, { lower, upper, ball, rows, neuronUpper, ownBoxes = false }: SweptNeurons) {
    this.inputs = lower.length
    this.neurons = rows.length
    this.ownBoxes = ownBoxes
    const centre = ball?.centre ?? lower.map((low, i) => (low + upper[i]) / 2)
    const reach = centre.map((c, i) => Math.max(upper[i] - c, c - lower[i]) * (1 + 2 * UNIT))
    const sources = this.inputs + this.neurons
    this.#largest = new Float64Array(sources)
    centre.forEach((c, i) => (this.#largest[i] = Math.abs(c) + reach[i]))
    for (let k = 0; k < this.neurons; k++) this.#largest[this.inputs + k] = Math.max(0, neuronUpper[k])
    this.#gamma = 8 * UNIT * (sources + 64)
    // where a ball, or the box of a row, says how far inputs reach, this box adds nothing
    const nothing = new Float64Array(this.inputs)
    this.swept = new SweptSystem(engine, {
      rows,
      bias: Float64Array.from(rows, ({ bias }) => bias),
      slack: Float64Array.from(rows, (row) => this.slackOf(row)),
      centre: ownBoxes ? nothing : centre,
      radius: ball || ownBoxes ? nothing : reach,
      ball: ball && { ball, box: { lower, upper } },
    })
  }

  /** What rounding may cost per unit of a row's coefficient: that of making the row, and that of the sweeps. */
  slackOf({ bias, source, weight, error }: Row): number {
    let magnitude = Math.abs(bias)
    for (let e = 0; e < source.length; e++) magnitude += Math.abs(weight[e]) * this.#largest[source[e]]
    return error + this.#gamma * magnitude + UNDERFLOW
  }
}
