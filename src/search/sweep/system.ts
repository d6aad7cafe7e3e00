/**
 * A condensed system in an engine's memory, for batches of lower bounds over it (batch.ts).
 * Problem: lower bounds of linear functions of a ReLU network over a box, or what of it lies in an ℓ2 or ℓ1 ball.
 * Sound: yes, rounding included. Complete: no.
 * Sources: Zhang et al. 2018 (CROWN), Xu et al. 2021 (optimised slopes), Wang et al. 2021 (multipliers of splits).
 */
import type { Engine } from '../../device/wasm/engine.ts'
import type { Structs } from '../../device/wasm/kernels.generated.ts'
import type { Doubles } from '../../device/wasm/pointers.ts'
import { type Reach, reachOf } from '../../region/linear-loss.ts'
import type { RoundBall } from '../../region/region.ts'
import { UNDERFLOW, UNIT } from '../system/range.ts'
import type { Neurons, Row } from '../system/condensed.ts'

/** What sweeps go over. */
export interface SweptNeurons extends Neurons {
  /** Whether each row of a batch has a box of its own, within the region's; not over a ball. */
  readonly ownBoxes?: boolean
}

export class System {
  readonly engine: Engine
  readonly inputs: number
  readonly neurons: number
  /** Of each neuron before its ReLU. */
  readonly lower: ArrayLike<number>
  readonly upper: ArrayLike<number>
  /** The first fields of the struct: everything but the batch. */
  readonly header: Pick<
    Structs['System'],
    'columnStart' | 'columnNeuron' | 'columnWeight' | 'rowStart' | 'rowSource' | 'rowWeight' | 'bias' | 'slack'
  >
  readonly tail: Pick<Structs['System'], 'centre' | 'radius'>
  readonly centre: Float64Array
  /** Of the box around the centre; 0 where a ball, or the box of a batch's row, says how far inputs go. */
  readonly radius: Float64Array
  /** The ball, and pointers to how far the box reaches from its centre. */
  readonly ball: (RoundBall & { readonly isCut: boolean; readonly below: Doubles; readonly above: Doubles }) | undefined
  readonly ownBoxes: boolean
  /** Largest absolute value of every source. */
  readonly #largest: Float64Array
  readonly #gamma: number

  /** Memory is taken from the engine's arena: the caller marks and releases. */
  constructor(engine: Engine, { lower, upper, ball, rows, neuronLower: l, neuronUpper: u, ownBoxes }: SweptNeurons) {
    this.engine = engine
    this.inputs = lower.length
    this.neurons = rows.length
    this.lower = l
    this.upper = u
    this.centre = ball?.centre ?? lower.map((low, i) => (low + upper[i]) / 2)
    const reach = this.centre.map((c, i) => Math.max(upper[i] - c, c - lower[i]) * (1 + 2 * UNIT))
    this.ownBoxes = ownBoxes ?? false
    this.radius = ball || ownBoxes ? new Float64Array(reach.length) : reach
    const sources = this.inputs + this.neurons
    this.#largest = new Float64Array(sources)
    this.centre.forEach((c, i) => (this.#largest[i] = Math.abs(c) + reach[i]))
    for (let k = 0; k < this.neurons; k++) this.#largest[this.inputs + k] = Math.max(0, u[k])
    this.#gamma = 8 * UNIT * (sources + 64)

    const entries = rows.reduce((sum, { source }) => sum + source.length, 0)
    const rowStart = new Int32Array(this.neurons + 1)
    const rowSource = new Int32Array(entries)
    const rowWeight = new Float64Array(entries)
    const columnStart = new Int32Array(sources + 1)
    rows.forEach(({ source, weight }, k) => {
      rowSource.set(source, rowStart[k])
      rowWeight.set(weight, rowStart[k])
      rowStart[k + 1] = rowStart[k] + source.length
      for (let e = 0; e < source.length; e++) columnStart[source[e] + 1]++
    })
    for (let s = 0; s < sources; s++) columnStart[s + 1] += columnStart[s]
    const next = columnStart.slice()
    const columnNeuron = new Int32Array(entries)
    const columnWeight = new Float64Array(entries)
    for (let k = 0; k < this.neurons; k++) {
      for (let e = rowStart[k]; e < rowStart[k + 1]; e++) {
        const at = next[rowSource[e]]++
        columnNeuron[at] = k
        columnWeight[at] = rowWeight[e]
      }
    }
    this.header = {
      columnStart: engine.integersFrom(columnStart),
      columnNeuron: engine.integersFrom(columnNeuron),
      columnWeight: engine.doublesFrom(columnWeight),
      rowStart: engine.integersFrom(rowStart),
      rowSource: engine.integersFrom(rowSource),
      rowWeight: engine.doublesFrom(rowWeight),
      bias: engine.doublesFrom(Float64Array.from(rows, ({ bias }) => bias)),
      slack: engine.doublesFrom(Float64Array.from(rows, (row) => this.slackOf(row))),
    }
    const shared = ownBoxes ? this.radius : this.centre
    this.tail = { centre: engine.doublesFrom(shared), radius: engine.doublesFrom(this.radius) }
    this.ball = ball && inMemory(engine, ball, reachOf(ball, { lower, upper }))
  }

  /** What rounding may cost per unit of a row's coefficient: that of making the row, and that of the sweeps. */
  slackOf({ bias, source, weight, error }: Row): number {
    let magnitude = Math.abs(bias)
    for (let e = 0; e < source.length; e++) magnitude += Math.abs(weight[e]) * this.#largest[source[e]]
    return error + this.#gamma * magnitude + UNDERFLOW
  }
}

const inMemory = (engine: Engine, ball: RoundBall, { below, above }: Reach) => ({
  ...ball,
  isCut: below.some((reach, i) => reach < ball.radius || above[i] < ball.radius),
  below: engine.doublesFrom(below),
  above: engine.doublesFrom(above),
})
