/** Rows of a network and of its reference meet at the image: bounds over the reference adversarial space, over an ℓ∞ ball. */
import type { Tape } from '../tape.ts'
import type { Plan } from './plan.ts'
import type { RowSet, RowSums } from './rows.ts'
import type { Values } from './values.ts'

/** Coefficients of the whole image, and what rows have gathered. */
export interface RowsAtImage {
  readonly coefficients: Values
  readonly sums: RowSums
}

/**
 * Upper bounds of f's margins over g's adversarial space, [example · each + target]; 0 at the label and in padding.
 * @param reference of g: no gradient goes there
 * @param box [2][input][stride]
 * @param labels u32, [stride]
 * @returns the bounds, and statistics [4][row]: t₀, and 1 where the constraint at t = 0 is loose, tight, infeasible; 0 in rows
 *   of the label, of padding, and of examples from `step.count` on
 */
export function closeOverReference(
  plan: Plan,
  tape: Tape | undefined,
  at: { own: RowsAtImage; reference: RowsAtImage; box: Values; rows: RowSet; labels: Values; classes: number },
): { readonly margins: Values; readonly statistics: Values } {
  throw new RangeError(`not yet: ${plan}${tape}${at}`)
}
