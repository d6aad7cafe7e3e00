/**
 * Sums of products in float64 whose rounding is measured instead of estimated, operation by operation: 0 where
 * float64 can hold every step. Sound: yes. Sources: Dekker (1971), Knuth (TAOCP 2, 4.2.2), Ogita, Rump & Oishi (2005).
 */
import type { SparseRows } from '../networks/linear-map.ts'

/** The error of a product below this may be none that float64 can hold. */
const SMALL = 2 ** -900
const SPLITTER = 2 ** 27 + 1

/** Of sparse rows: linear-map.ts. */
type Entries = Pick<SparseRows, 'source' | 'weight'>

export class MeasuredSum {
  #value = 0
  /** Sum of the absolute errors so far. */
  #error = 0

  /** Empties the sum. */
  start(value: number): void {
    this.#value = value
    this.#error = 0
  }

  /** Adds weight · value for entries `first` to `end` − 1 of a row; of two values, by the sign of the weight. */
  addRow(row: Entries, first: number, end: number, whenPositive: Float64Array, whenNegative: Float64Array): void {
    const { source, weight } = row
    // in locals, since this is where the time goes
    let value = this.#value
    let error = this.#error
    for (let e = first; e < end; e++) {
      const a = weight[e]!
      const b = a > 0 ? whenPositive[source[e]!]! : whenNegative[source[e]!]!
      const product = a * b
      const sum = value + product
      const part = sum - value
      error += Math.abs(value - (sum - part) + (product - part)) + productError(a, b, product)
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

/** |a · b − product| or more. */
function productError(a: number, b: number, product: number): number {
  if (a === 0 || b === 0) return 0
  if (Math.abs(product) < SMALL) return Math.abs(product) * 2 ** -52 + Number.MIN_VALUE
  const [aHigh, bHigh] = [highOf(a), highOf(b)]
  const [aLow, bLow] = [a - aHigh, b - bHigh]
  return Math.abs(aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow)
}

/** The upper half of a number's bits. */
function highOf(a: number): number {
  const c = SPLITTER * a
  return c - (c - a)
}

/** value − error, rounded down; room for the rounding of 2²⁰ errors' sum. */
function lessBy(value: number, error: number): number {
  const less = value - error * (1 + 2 ** -30)
  return less - Math.abs(less) * 2 ** -52 - Number.MIN_VALUE
}
