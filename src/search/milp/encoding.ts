/**
 * The LP relaxation of a condensed system as sparse arrays for HiGHS. Every neuron's value is split into its two parts,
 * z = h − p with h, p ≥ 0, and a neuron that is free keeps them in a triangle (Ehlers 2017):
 *
 *   h / u + p / −l ≤ 1
 *
 * The big-M encoding with a binary a, h ≤ u·a and p ≤ −l·(1 − a), says the same once a may be any number in [0, 1]. So it
 * takes one row, and no column for a.
 * Source: Tjeng, Xiao & Tedrake (2019), "Evaluating robustness of neural networks with mixed integer programming", 4.1.
 *
 *   columns   inputs x, then h of every neuron, then p of every neuron, then t, the largest row of a case
 *   rows      per neuron h − p − W s = bias, then per neuron its triangle
 */
import type { ModelData } from 'highs'
import type { Condensed } from '../system/condensed.ts'

/** @param infinity the number that HiGHS takes for it */
export function encode(system: Condensed, infinity: number): ModelData {
  const { inputs, lower, upper, neurons, neuronLower, neuronUpper, start, source, weight, bias } = system
  const entries = start[neurons]
  const indices = new Int32Array(entries + 4 * neurons)
  const values = new Float64Array(indices.length)
  const starts = new Int32Array(2 * neurons + 1)
  let at = 0
  const put = (column: number, value: number) => {
    indices[at] = column
    values[at++] = value
  }
  for (let k = 0; k < neurons; k++) {
    starts[k] = at
    for (let i = start[k]; i < start[k + 1]; i++) put(source[i], -weight[i])
    put(inputs + k, 1)
    put(inputs + neurons + k, -1)
  }
  const sides = new Float64Array(neurons)
  for (let k = 0; k < neurons; k++) {
    starts[neurons + k] = at
    const [l, u] = [neuronLower[k], neuronUpper[k]]
    const scale = Math.max(-l, u) // keeps the row's entries in (0, 1]
    put(inputs + k, -l / scale)
    put(inputs + neurons + k, u / scale)
    sides[k] = Math.min(-l, u)
  }
  starts[2 * neurons] = at
  const columns = inputs + 2 * neurons + 1
  return {
    numCols: columns,
    numRows: 2 * neurons,
    colCost: new Float64Array(columns),
    colLower: Float64Array.from([...lower, ...new Float64Array(2 * neurons), -infinity]),
    colUpper: Float64Array.from([...upper, ...neuronUpper, ...neuronLower.map((l) => -l), infinity]),
    rowLower: Float64Array.from([...bias.subarray(0, neurons), ...sides.map(() => -infinity)]),
    rowUpper: Float64Array.from([...bias.subarray(0, neurons), ...sides]),
    matrix: { format: 'csr', numRows: 2 * neurons, numCols: columns, starts, indices, values },
  }
}
