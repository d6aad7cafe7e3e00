/**
 * An affine stage on a batch: y = Σ W·x + b over its terms, with a ReLU behind it or not.
 */
import type { Tape } from '../tape.ts'
import type { Extents } from './extents.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** One product of a sum: packed weights times what they read. */
export interface Product {
  readonly extents: Extents
  readonly weight: Values
  /** [channel][y][x][row]. */
  readonly input: Values
}

/** Products with equal outputs, and what is added to them. */
export interface Sum {
  readonly products: readonly Product[]
  /** Per output channel, padded to a multiple of 4. */
  readonly bias: Values
  /** A multiple of 4. */
  readonly rows: number
}

/**
 * Σ W·x + b, [channel][y][x][row].
 * @param biasEvery the bias is added in rows 0, biasEvery, 2·biasEvery …: 1 for all rows; a multiple of 4 for columns,
 *   whose first is the centre
 * @param relu whether a ReLU follows at once
 */
export function affine(
  plan: Plan,
  tape: Tape | undefined,
  { products, bias, rows, biasEvery, relu }: Sum & { readonly biasEvery: number; readonly relu: boolean },
): Values {
  throw new Error(`not yet: ${String([plan, tape, products, bias, rows, biasEvery, relu])}`)
}
