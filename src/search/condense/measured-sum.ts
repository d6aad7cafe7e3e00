/**
 * Sums of products in float64 whose rounding is measured, operation by operation, instead of estimated:
 *
 *   |exact sum − sum|  ≤  Σ |what each product and each addition lost|
 *
 * The error is 0 where the weights are 32-bit floats and float64 can hold every step.
 * Sound: yes. Source: Ogita, Rump & Oishi (2005).
 */
import { productError, sumError } from '../../base/exact.ts'
import type { SparseRows } from '../../model/linear-map.ts'

/**
 * Weights that are no 32-bit floats may have been rounded when they were made: 1/n, the factor of a batch normalisation,
 * arithmetic on constants of the file. formats/onnx/call.ts lets them be off by this share.
 */
export const ROUNDED = 2 ** -46

/** Entries by row, see linear-map.ts. */
type Rows = Pick<SparseRows, 'start' | 'source' | 'weight'>

export class MeasuredSum {
  #value = 0
  /** Sum of the absolute errors so far. */
  #error = 0
  readonly #rounded: number

  /** @param rounded weights that are no 32-bit floats may be off by this share */
  constructor(rounded: number) {
    this.#rounded = rounded
  }

  /** Starts a sum with this value. */
  start(value: number): void {
    this.#value = value
    this.#error = isFloat32(value) ? 0 : this.#rounded * Math.abs(value)
  }

  /** Adds weight · value for the entries of row `r`; of two values, by the sign of the weight. */
  addRow(rows: Rows, r: number, whenPositive: Float64Array, whenNegative: Float64Array): void {
    const { start, source, weight } = rows
    const [first, end] = [start[r], start[r + 1]]
    // local variables, since this loop takes most of the time
    let value = this.#value
    let error = this.#error
    const rounded = this.#rounded
    for (let e = first; e < end; e++) {
      const a = weight[e]
      const b = a > 0 ? whenPositive[source[e]] : whenNegative[source[e]]
      const product = a * b
      const sum = value + product
      error += Math.abs(sumError(value, product, sum)) + productError(a, b, product)
      if (!isFloat32(a)) error += rounded * Math.abs(product)
      value = sum
    }
    this.#value = value
    this.#error = error
  }

  /** At most the exact sum, and equal to it if nothing was rounded; NaN or −Infinity if something overflowed. */
  get below(): number {
    return this.#error === 0 ? this.#value : lessBy(this.#value, this.#error)
  }

  /** At least the exact sum. */
  get above(): number {
    return this.#error === 0 ? this.#value : -lessBy(-this.#value, this.#error)
  }
}

const isFloat32 = (weight: number): boolean => Math.fround(weight) === weight

/** value − error, rounded down, with room for the rounding of a sum of 2²⁰ errors. */
function lessBy(value: number, error: number): number {
  const less = value - error * (1 + 2 ** -30)
  return less - Math.abs(less) * 2 ** -52 - Number.MIN_VALUE
}
