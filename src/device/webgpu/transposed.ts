/**
 * Rows on their way back through affine layers: y = Σ Wᵢᵀ·xᵢ, over the terms that read the same values.
 */
import type { Tape } from '../tape.ts'
import type { Product } from './affine.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/**
 * Σ Wᵀ·x, [input channel][y][x][row]. The input of each product lies where the layer has its outputs. Extents may be those
 * of windows of layers, with any padding, also a negative one; all have the same inputs.
 * @param rows a multiple of 4
 */
export function transposed(
  plan: Plan,
  tape: Tape | undefined,
  { products, rows }: { readonly products: readonly Product[]; readonly rows: number },
): Values {
  throw new Error(`not yet: ${String([plan, tape, products, rows])}`)
}
