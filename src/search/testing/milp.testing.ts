/** Random condensed systems for tests, and their exact minima by means that share nothing with what is tested. */
import type { Phases } from '../../model/phase.ts'
import type { Random } from '../../base/random.ts'
import type { Condensed } from '../system/condensed.ts'
import { minimise } from './simplex.testing.ts'

export interface RandomSystemOptions {
  readonly inputs: number
  readonly neurons: number
  /** Number of constraint rows of each unsafe case; by default one case of one row. */
  readonly cases?: readonly number[]
  /** Chance that a row reads a source; by default 1. */
  readonly density?: number
  /** Added to every constraint row: pushes the answer towards robust (> 0) or vulnerable; by default 0. */
  readonly shift?: number
}

/** Every neuron's interval spans zero: its bias is drawn so. Not all patterns of phases occur, however. */
export function randomSystem(random: Random, options: RandomSystemOptions): Condensed {
  const { inputs, neurons, density = 1, shift = 0, cases = [1] } = options
  const lower = Float64Array.from({ length: inputs }, () => random.between(-1, 1))
  const upper = lower.map((l) => l + random.between(0.1, 1))
  const [least, most] = [[...lower], [...upper]]
  const start = [0]
  const [source, weight, bias]: [number[], number[], number[]] = [[], [], []]
  const [neuronLower, neuronUpper] = [new Float64Array(neurons), new Float64Array(neurons)]
  const rows = neurons + cases.reduce((sum, n) => sum + n, 0)
  for (let row = 0; row < rows; row++) {
    let [low, high] = [0, 0]
    for (let s = 0; s < inputs + Math.min(row, neurons); s++) {
      if (s !== row % inputs && random.uniform() >= density) continue
      const w = random.normal() / Math.sqrt(density * (inputs + row))
      source.push(s)
      weight.push(w)
      low += w * (w > 0 ? least[s] : most[s])
      high += w * (w > 0 ? most[s] : least[s])
    }
    start.push(source.length)
    const radius = (high - low) / 2
    bias.push(-(low + high) / 2 + (row < neurons ? random.between(-0.9, 0.9) * radius : shift))
    if (row >= neurons) continue
    // a little outside, so that no rounding carries a neuron past them
    neuronLower[row] = low + bias[row] - 1e-9 * radius
    neuronUpper[row] = high + bias[row] + 1e-9 * radius
    least.push(0)
    most.push(neuronUpper[row])
  }
  let next = neurons
  return {
    ...{ inputs, lower, upper, neurons, neuronLower, neuronUpper },
    levels: Array.from({ length: neurons }, (_, k) => k),
    start: Int32Array.from(start),
    source: Int32Array.from(source),
    weight: Float64Array.from(weight),
    bias: Float64Array.from(bias),
    error: new Float64Array(rows),
    cases: cases.map((count) => Array.from({ length: count }, () => next++)),
  }
}

/** The value of every row at inputs x, each moved by what `off` says. */
export function rowValues(system: Condensed, x: Float64Array, off: (row: number) => number = () => 0): Float64Array {
  const { inputs, start, source, weight, bias } = system
  const values = new Float64Array(bias.length)
  for (let row = 0; row < bias.length; row++) {
    let sum = bias[row] + off(row)
    for (let i = start[row]; i < start[row + 1]; i++) {
      const s = source[i]
      sum += weight[i] * (s < inputs ? x[s] : Math.max(values[s - inputs], 0))
    }
    values[row] = sum
  }
  return values
}

/** How far x is from unsafe: the least, over cases, of the largest row. Unsafe if ≤ 0. */
export function distance(system: Condensed, x: Float64Array): number {
  const values = rowValues(system, x)
  return Math.min(...system.cases.map((rows) => Math.max(...rows.map((row) => values[row]))))
}

/** Uniform in the box; every third is a corner. */
export function randomPoint(random: Random, { lower, upper }: Condensed): Float64Array {
  const corner = random.integer(3) === 0
  return lower.map((l, i) => {
    const share = random.uniform()
    return corner ? (share < 0.5 ? l : upper[i]) : Math.min(l + share * (upper[i] - l), upper[i])
  })
}

/**
 * The least of the largest of `rows` over the region of `phases`, free neurons in their triangles.
 * By a dense simplex method, z substituted. @returns Infinity if the region is empty
 */
export function leastByDenseLp(system: Condensed, phases: Phases, rows: readonly number[]): number {
  const { inputs, lower, upper, neurons, neuronLower, neuronUpper, start, source, weight, bias } = system
  const variables = inputs + neurons + 1 // x − lower, h, and the largest row above `floor`
  const floor = -1000
  const constraints: { row: Float64Array; limit: number }[] = []
  /** Σ factor · coefficients + extra · variable ≤ limit − factor · constant */
  const require = (factor: number, of: number, variable: number, extra: number, limit: number) => {
    const row = new Float64Array(variables)
    let constant = bias[of]
    for (let i = start[of]; i < start[of + 1]; i++) {
      row[source[i]] = factor * weight[i]
      if (source[i] < inputs) constant += weight[i] * lower[source[i]]
    }
    row[variable] += extra
    constraints.push({ row, limit: limit - factor * constant })
  }
  const atMost = (variable: number, limit: number) =>
    constraints.push({ row: new Float64Array(variables).with(variable, 1), limit })
  for (let i = 0; i < inputs; i++) atMost(i, upper[i] - lower[i])
  for (let k = 0; k < neurons; k++) {
    const [l, u, h] = [neuronLower[k], neuronUpper[k], inputs + k]
    const slope = u / (u - l)
    if (phases[k] >= 0) require(1, k, h, -1, 0) // z ≤ h
    if (phases[k] > 0) require(-1, k, h, 1, 0) // h ≤ z
    if (phases[k] === 0) require(-slope, k, h, 1, -slope * l) // h ≤ u (z − l) / (u − l)
    if (phases[k] < 0) {
      require(1, k, h, 0, 0) // z ≤ 0
      atMost(h, 0)
    }
  }
  for (const row of rows) require(1, row, variables - 1, -1, floor)
  const result = minimise({
    objective: new Float64Array(variables).with(variables - 1, 1),
    rows: constraints.map(({ row }) => row),
    limits: constraints.map(({ limit }) => limit),
  })
  if (result.status === 'unbounded') throw new Error('a row falls without end')
  return result.status === 'optimal' ? result.value + floor : Infinity
}

/** The exact minimum of `distance` over the box, by enumeration of all 2^neurons patterns of phases. */
export function leastByEnumeration(system: Condensed): number {
  const patterns = Array.from({ length: 2 ** system.neurons }, (_, bits) =>
    Int8Array.from({ length: system.neurons }, (_, k) => ((bits >> k) & 1 ? 1 : -1)),
  )
  const over = (rows: readonly number[]) => Math.min(...patterns.map((phases) => leastByDenseLp(system, phases, rows)))
  return Math.min(...system.cases.map(over))
}
