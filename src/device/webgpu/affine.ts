/**
 * An affine stage on a batch, with a ReLU behind it or not:
 *
 *   y = Σ W·x + b
 */
import type { Tape } from '../tape.ts'
import type { Plan } from './plan.ts'
import { type Product, sumOfProducts } from './sums.ts'
import type { Values } from './values.ts'

export type { Product } from './sums.ts'

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
export const affine = (
  plan: Plan,
  tape: Tape | undefined,
  { products, bias, rows, biasEvery, relu }: Sum & { readonly biasEvery: number; readonly relu: boolean },
): Values =>
  sumOfProducts(plan, tape, {
    ...{ name: 'affine', direction: 'forward', halves: 1, products, rows, relu },
    bias: { values: bias, every: biasEvery },
  })
