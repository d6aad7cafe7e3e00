/**
 * What float64 loses in a sum or a product, exactly: error-free transformations.
 * Sources: Knuth (TAOCP 2, 4.2.2); Dekker (1971); Ogita, Rump & Oishi (2005).
 */

/** The error of a product below this may be none that float64 can hold. */
const SMALL = 2 ** -900
const SPLITTER = 2 ** 27 + 1

/** a + b − sum, where `sum` is a + b in float64; NaN if it overflowed. */
export function sumError(a: number, b: number, sum: number): number {
  const part = sum - a
  return a - (sum - part) + (b - part)
}

/** |a · b − product| or more, where `product` is a · b in float64: 0 only if nothing was lost; NaN if it overflowed. */
export function productError(a: number, b: number, product: number): number {
  if (a === 0 || b === 0) return 0
  if (Math.abs(product) < SMALL) return Math.abs(product) * 2 ** -52 + Number.MIN_VALUE
  return Math.abs(productLoss(a, b, product))
}

/** a · b − product for a product that is 0 or not among the smallest; NaN if it overflowed. */
export function productLoss(a: number, b: number, product: number): number {
  const [aHigh, bHigh] = [highOf(a), highOf(b)]
  const [aLow, bLow] = [a - aHigh, b - bHigh]
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow
}

/** The upper half of a number's bits. */
function highOf(a: number): number {
  const c = SPLITTER * a
  return c - (c - a)
}
