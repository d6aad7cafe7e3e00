/**
 * A triangular system of ReLU neurons in an engine's memory, as sweeps read it (assembly/sweep.ts, assembly/input-ball.ts):
 *
 *   z_k = bias_k + Σ_i weight_ki · s_i,   sources s = [inputs, h_0 … h_{k−1}],   h_k = max(z_k, 0)
 *
 * A batch (sweep-batch.ts) goes over it with many linear functions at once.
 */
import { type Reach, reachOf } from '../../region/linear-loss.ts'
import type { Box, RoundBall } from '../../region/region.ts'
import type { Engine } from './engine.ts'
import type { Structs } from './kernels.generated.ts'
import type { Doubles } from './pointers.ts'

/** Weights of each neuron's sources; the sources of neuron k come before it. */
interface SparseRow {
  readonly source: Int32Array
  readonly weight: Float64Array
}

export interface SweptArrays {
  readonly rows: readonly SparseRow[]
  /** Per neuron: its constant, and what a unit of its coefficient costs in rounding. */
  readonly bias: Float64Array
  readonly slack: Float64Array
  /** Per input: the box of inputs. */
  readonly centre: Float64Array
  readonly radius: Float64Array
  /** A ball around `centre` that cuts a box; the radius above is 0 then. */
  readonly ball: { readonly ball: RoundBall; readonly box: Box } | undefined
}

/** A ball in memory. */
export interface SweptBall {
  readonly isSum: boolean
  readonly isCut: boolean
  readonly radius: number
  /** How far the box reaches from its centre. */
  readonly below: Doubles
  readonly above: Doubles
}

/** The fields of the struct that all batches share. */
type Shared = 'columnStart' | 'columnNeuron' | 'columnWeight' | 'rowStart' | 'rowSource' | 'rowWeight'
type PerSource = 'bias' | 'slack' | 'centre' | 'radius'

export class SweptSystem {
  readonly engine: Engine
  readonly inputs: number
  readonly neurons: number
  readonly fields: Pick<Structs['System'], Shared | PerSource>
  readonly ball: SweptBall | undefined

  /** Takes memory of the engine: the caller marks and releases. */
  constructor(engine: Engine, { rows, bias, slack, centre, radius, ball }: SweptArrays) {
    this.engine = engine
    this.inputs = centre.length
    this.neurons = rows.length
    this.fields = {
      ...entriesOf(engine, rows, this.inputs + this.neurons),
      bias: engine.doublesFrom(bias),
      slack: engine.doublesFrom(slack),
      centre: engine.doublesFrom(centre),
      radius: engine.doublesFrom(radius),
    }
    this.ball = ball && ballOf(engine, ball.ball, reachOf(ball.ball, ball.box))
  }
}

/** All weights twice: by neuron, and by source, there in the order of the neurons that read it. */
function entriesOf(engine: Engine, rows: readonly SparseRow[], sources: number): Pick<Structs['System'], Shared> {
  const entries = rows.reduce((sum, { source }) => sum + source.length, 0)
  const rowStart = new Int32Array(rows.length + 1)
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
  for (let k = 0; k < rows.length; k++) {
    for (let e = rowStart[k]; e < rowStart[k + 1]; e++) {
      const at = next[rowSource[e]]++
      columnNeuron[at] = k
      columnWeight[at] = rowWeight[e]
    }
  }
  return {
    columnStart: engine.integersFrom(columnStart),
    columnNeuron: engine.integersFrom(columnNeuron),
    columnWeight: engine.doublesFrom(columnWeight),
    rowStart: engine.integersFrom(rowStart),
    rowSource: engine.integersFrom(rowSource),
    rowWeight: engine.doublesFrom(rowWeight),
  }
}

const ballOf = (engine: Engine, { norm, radius }: RoundBall, { below, above }: Reach): SweptBall => ({
  isSum: norm === 'l1',
  isCut: below.some((reach, i) => reach < radius || above[i] < radius),
  radius,
  below: engine.doublesFrom(below),
  above: engine.doublesFrom(above),
})
