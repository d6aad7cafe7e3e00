/**
 * One interval step of a batch through an affine stage: centres c by W, radii r by |W|.
 *
 *   c' = W·c + b,  r' = |W|·r
 *
 * Sound: yes, but for rounding. Complete: no. Source: Gowal et al. 2018.
 */
import type { Tape } from '../tape.ts'
import type { Sum } from './affine.ts'
import type { Plan } from './plan.ts'
import { sumOfProducts } from './sums.ts'
import type { Values } from './values.ts'

/** The box of a stage's outputs, [centre, radius][neuron][row]. Inputs are boxes, too. */
export const boxStep = (plan: Plan, tape: Tape | undefined, { products, bias, rows }: Sum): Values =>
  sumOfProducts(plan, tape, {
    ...{ name: 'box', direction: 'forward', halves: 2, products, rows, relu: false },
    bias: { values: bias, every: 1 },
  })
