/**
 * The numbers for which rounding is bounded. Every sum of products errs by at most γ times the sum of its absolute terms
 * plus what underflow takes, 2⁻¹⁰⁷⁴ for each product, times what it is multiplied with next. Where weights and values
 * stay below `LARGEST`, and sums have less than 10¹² terms, that is less than `UNDERFLOW`, and nothing overflows on the
 * way to a finite bound. Source: Higham 2002, Section 3.1.
 */
export const LARGEST = 1e100
export const UNDERFLOW = 1e-200
/** Rounding of one operation, as a share of its result. */
export const UNIT = 2 ** -53

/** Thrown where a network leaves that range: nothing can be proved of it. */
export class OutOfRange extends Error {
  override readonly name = 'OutOfRange'
}

/** @throws OutOfRange if a number is larger, or is not a number */
export function checkRange(values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]) <= LARGEST)) throw new OutOfRange(`${values[i]} is out of range`)
  }
}
