/**
 * Rows reach the image, whose part of each they add, over the ℓ∞ ball around the row's example.
 *
 *   lower, upper = Σ ν·b + x·ν̂₁ ∓ Σ radius|ν̂₁| + gaps
 */
import type { Shape } from '../../model/layers.ts'
import type { Tape } from '../tape.ts'
import type { Plan } from './plan.ts'
import type { RowSet, RowSums, Window } from './rows.ts'
import type { Values } from './values.ts'

interface Arrived {
  /** ν̂₁ over a window of the image. */
  readonly coefficients: Values
  readonly sums: RowSums
  readonly rows: RowSet
  /** [2][input][stride]: centre, radius. Its gradient is not computed. */
  readonly box: Values
}

/** Upper bounds of the margins, [example · each + target]; 0 at the label and in padding. */
export function closeMargins(plan: Plan, tape: Tape | undefined, arrived: Arrived): Values {
  throw new RangeError(`not yet: ${plan}${tape}${arrived}`)
}

/** Bounds of the neurons that rows started from, [lower, upper][neuron][stride]. @param shape of the image */
export function closeNeurons(
  plan: Plan,
  tape: Tape | undefined,
  arrived: Arrived & { readonly shape: Shape; readonly window: Window; readonly channels: number },
): Values {
  throw new RangeError(`not yet: ${plan}${tape}${arrived}`)
}
