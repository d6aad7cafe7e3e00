/**
 * Rows on their way back through affine layers: y = Σ Wᵢᵀ·xᵢ, over the terms that read the same values.
 */
import type { Tape } from '../tape.ts'
import type { Plan } from './plan.ts'
import { type Product, sumOfProducts } from './sums.ts'
import type { Values } from './values.ts'

/**
 * Σ Wᵀ·x, [input channel][y][x][row]. The input of each product lies where the layer has its outputs. Extents may be those
 * of windows of layers, with any padding, also a negative one; all have the same inputs.
 * @param rows a multiple of 4
 */
export const transposed = (
  plan: Plan,
  tape: Tape | undefined,
  { products, rows }: { readonly products: readonly Product[]; readonly rows: number },
): Values =>
  sumOfProducts(plan, tape, { name: 'transposed', direction: 'transposed', halves: 1, products, rows, relu: false })
