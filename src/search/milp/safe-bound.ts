/**
 * Bounds that need no trust in the LP solver: any multipliers give a valid one, and bad ones only make it loose.
 *
 * Write every neuron's value as its two parts, z = h − p with h, p ≥ 0. Where the neuron is free, (h, p) lies in the
 * triangle with the corners (0, 0), (u, 0), (0, −l); where it is fixed on, p = 0; where off, h = 0. For weights λ ≥ 0
 * of output constraints and multipliers y of the neurons' equations,
 *
 *   Σ λ_i g_i = Σ λ_i (bias_i + W_i s) + Σ_k y_k (bias_k + W_k s − h_k + p_k)
 *
 * for every point of the region. The right side is linear in x, h and p, so that its minimum over box and triangles is
 * found term by term; over the part of the box in a ball, region/linear-loss.ts has it. The minimum, less all rounding,
 * is the bound.
 *
 * Sound: yes, for all λ and y. Complete: no; at the LP's optimal λ and y the bound is its optimum. Source: Neumaier &
 * Shcherbina (2004), "Safe bounds in linear and mixed-integer linear programming". Here triangles replace the boxes, so
 * that the triangles need no multipliers of their own.
 */
import { OFF, ON, type Phases } from '../../model/phase.ts'
import { lossOver, reachOf } from '../../region/linear-loss.ts'
import type { Condensed } from '../system/condensed.ts'
import { UNIT } from '../system/range.ts'

/** A product too small for float64 loses at most 2⁻¹⁰⁷⁵. This, per unit of what it is multiplied by, covers all of them. */
const UNDERFLOW = 1e-300

/** Rows whose largest is bounded. */
export interface WeightedRows {
  /** Of the system: output constraints, or neurons, to bound their value z. */
  readonly rows: readonly number[]
  /** λ, one per row; those below 0 count as 0. */
  readonly weights: ArrayLike<number>
}

/** No rows: what is bounded is 0, so that a positive bound proves that the region is empty. */
export const noRows: WeightedRows = { rows: [], weights: [] }

/**
 * A lower bound of max_i g_i over the region of `phases`, where i runs over the rows.
 * @param multipliers one per neuron, of any sign
 * @returns −Infinity if anything overflows or is not a number
 */
export function safeBound(
  system: Condensed,
  phases: Phases,
  { rows, weights }: WeightedRows,
  multipliers: ArrayLike<number>,
): number {
  const { inputs, lower, upper, ball, neurons, neuronLower, neuronUpper } = system
  const sums = new RowSums(system)
  let total = 0 // Σ weights
  for (let i = 0; i < rows.length; i++) {
    const weight = Math.max(weights[i], 0)
    total += weight
    sums.add(rows[i], weight)
  }
  for (let k = 0; k < neurons; k++) sums.add(k, multipliers[k])

  const { coefficients, magnitudes } = sums
  let { value, magnitude } = sums
  let reach = 1
  for (let j = 0; j < inputs; j++) {
    const c = coefficients[j]
    const most = Math.max(Math.abs(lower[j]), Math.abs(upper[j]))
    if (!ball) value += c > 0 ? c * lower[j] : c * upper[j]
    // from a ball's centre to the end of the box it is twice `most` at the most
    magnitude += magnitudes[j] * most * (ball ? 3 : 1)
    reach += most
  }
  if (ball) {
    const loss = lossOver(ball, reachOf(ball, system), coefficients.subarray(0, inputs))
    value += ball.centre.reduce((sum, c, j) => sum + c * coefficients[j], -loss)
  }
  for (let k = 0; k < neurons; k++) {
    const y = multipliers[k]
    const [l, u] = [neuronLower[k], neuronUpper[k]]
    const atOn = phases[k] === OFF ? 0 : (coefficients[inputs + k] - y) * u
    const atOff = phases[k] === ON ? 0 : y * -l
    value += Math.min(0, atOn, atOff)
    magnitude += (magnitudes[inputs + k] + Math.abs(y)) * u + Math.abs(y) * -l
    reach += u - l
  }
  // Higham (2002), section 3.1: no term goes through more roundings than this
  const roundings = neurons + rows.length + inputs + neurons + 16 + (ball ? inputs + 20 : 0)
  const slack = (1.01 * roundings * UNIT * magnitude) / (1 - roundings * UNIT) + UNDERFLOW * reach * roundings
  const bound = value - slack - (1 + 1e-9) * sums.error
  const scaled = total === 0 || total === 1 ? bound : bound / total - Math.abs(bound / total) * roundings * UNIT
  return Number.isFinite(scaled) && magnitude < Number.MAX_VALUE ? scaled : -Infinity
}

/** Σ multiplier · row: a constant and one coefficient per source, with the sums of their terms' magnitudes. */
class RowSums {
  readonly #system: Condensed
  readonly coefficients: Float64Array
  readonly magnitudes: Float64Array
  value = 0
  magnitude = 0
  /** Σ |multiplier| · error: what the rows themselves are off by. */
  error = 0

  constructor(system: Condensed) {
    this.#system = system
    this.coefficients = new Float64Array(system.inputs + system.neurons)
    this.magnitudes = new Float64Array(system.inputs + system.neurons)
  }

  add(row: number, multiplier: number): void {
    if (multiplier === 0) return
    const { start, source, weight, bias, error } = this.#system
    const { coefficients, magnitudes } = this
    for (let i = start[row]; i < start[row + 1]; i++) {
      const term = multiplier * weight[i]
      coefficients[source[i]] += term
      magnitudes[source[i]] += Math.abs(term)
    }
    this.value += multiplier * bias[row]
    this.magnitude += Math.abs(multiplier * bias[row])
    this.error += Math.abs(multiplier) * error[row]
  }
}
