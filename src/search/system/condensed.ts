/**
 * A network over one region of inputs, condensed to its unstable neurons: the others are linear there, so they are
 * multiplied out. What is left is a triangular system, exact except for rounding, on which every complete method works:
 *
 *   z_k = bias_k + Σ_i weight_ki · s_i,   sources s = [inputs x_0 … x_{n−1}, h_0 … h_{k−1}],   h_k = max(z_k, 0)
 *
 * Rows 0 to neurons − 1 are the unstable neurons in topological order. The rows after them are the output constraints of
 * the question, Σ c·y − bound: no unsafe case may have all of its rows ≤ 0.
 */
import type { Region } from '../../region/region.ts'
import { checkRange } from './range.ts'

/** bias + Σ weight · source, where sources are the inputs 0 … n − 1 and then the unstable neurons. */
export interface Row {
  readonly bias: number
  readonly source: Int32Array
  readonly weight: Float64Array
  /** Rounding: how far the row's value may be from that of the network, over the whole region. */
  readonly error: number
}

/** Neurons in topological order, their bounds, and the region of inputs. */
export interface Neurons extends Region {
  readonly rows: readonly Row[]
  /** Bounds of each neuron before its ReLU; one with l ≥ 0 or u ≤ 0 is linear. */
  readonly neuronLower: ArrayLike<number>
  readonly neuronUpper: ArrayLike<number>
}

export interface Condensed extends Region {
  /** n */
  readonly inputs: number
  /** Number of unstable neurons, and bounds l < 0 < u of their z. */
  readonly neurons: number
  readonly neuronLower: Float64Array
  readonly neuronUpper: Float64Array
  /** First neuron of every level: a neuron's sources are neurons of earlier levels. Levels may be empty. */
  readonly levels: readonly number[]
  /** Row r has the entries start[r] to start[r + 1] − 1; sources of neuron j are n + j, and j < r. */
  readonly start: Int32Array
  readonly source: Int32Array
  readonly weight: Float64Array
  readonly bias: Float64Array
  /** Per row: how far its value may be from that of the network, over the whole region. */
  readonly error: Float64Array
  /** Per unsafe case of the question that is still open: indices of its constraint rows, ≥ neurons. */
  readonly cases: readonly (readonly number[])[]
}

/** Row `r` of a system. */
export function rowOf({ start, source, weight, bias, error }: Condensed, r: number): Row {
  const [first, end] = [start[r], start[r + 1]]
  return {
    bias: bias[r],
    error: error[r],
    source: source.subarray(first, end),
    weight: weight.subarray(first, end),
  }
}

/**
 * A system of these neurons and output constraints, one case for each.
 * @param levels first neuron of every level
 * @param outputs rows of the open cases
 * @throws OutOfRange for coefficients that are too large
 */
export function joinRows(parts: Neurons, levels: readonly number[], outputs: readonly Row[]): Condensed {
  const { lower, upper, ball, neuronLower, neuronUpper } = parts
  const neurons = parts.rows.length
  const rows = [...parts.rows, ...outputs]
  const start = new Int32Array(rows.length + 1)
  rows.forEach(({ source }, r) => (start[r + 1] = start[r] + source.length))
  const source = new Int32Array(start.at(-1)!)
  const weight = new Float64Array(start.at(-1)!)
  rows.forEach((row, r) => {
    source.set(row.source, start[r])
    weight.set(row.weight, start[r])
  })
  checkRange(weight)
  return {
    inputs: lower.length,
    lower,
    upper,
    ball,
    neurons,
    neuronLower: Float64Array.from(neuronLower),
    neuronUpper: Float64Array.from(neuronUpper),
    levels,
    start,
    source,
    weight,
    bias: Float64Array.from(rows, ({ bias }) => bias),
    error: Float64Array.from(rows, ({ error }) => error),
    cases: outputs.map((_, i) => [neurons + i]),
  }
}
