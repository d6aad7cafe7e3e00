/**
 * Sums of products of constants, in twice the digits of float64 and rounded once (Ogita, Rump & Oishi 2005, Dot2), with
 * how far they may be off: constants that were rounded before can cancel each other.
 */
import { productError, productLoss, sumError } from '../../base/exact.ts'

const UNIT = 2 ** -53

export class LongSum {
  #high = 0
  #low = 0
  /** The error of the terms, and what twice the digits still lose. */
  #off = 0

  /** Sets the sum to 0. */
  start(value: number): this {
    ;[this.#high, this.#low, this.#off] = [value, 0, 0]
    return this
  }

  /** Adds a · b. @param error of both together, in units of 2⁻⁵³ of the product */
  add(a: number, b: number, error: number): void {
    if (a === 0 || b === 0) return
    const product = a * b
    const loss = Math.abs(product) < 2 ** -900 ? 0 : productLoss(a, b, product)
    if (loss === 0) this.#off += productError(a, b, product)
    const sum = this.#high + product
    this.#addLow(loss)
    this.#addLow(sumError(this.#high, product, sum))
    this.#high = sum
    this.#off += Math.abs(product) * error * UNIT
  }

  get value(): number {
    return this.#high + this.#low
  }

  /** In units of 2⁻⁵³ of the value; Infinity if nothing is known about it. */
  get error(): number {
    const { value } = this
    const off = this.#off + Math.abs(sumError(this.#high, this.#low, value))
    if (off === 0) return 0
    const units = off / Math.abs(value) / UNIT
    return units >= 0 ? units : Infinity
  }

  #addLow(part: number): void {
    const sum = this.#low + part
    this.#off += Math.abs(sumError(this.#low, part, sum))
    this.#low = sum
  }
}
