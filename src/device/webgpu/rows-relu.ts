/**
 * Rows meet the ReLUs of a layer: ν = slope ⊙ ν̂, in place, and per row the sums Σ ν·b, Σ l[−ν]₊ and −Σ l[ν]₊.
 */
import type { Shape } from '../../model/layers.ts'
import type { Tape } from '../tape.ts'
import type { Plan } from './plan.ts'
import type { RowSet, RowSums, Window } from './rows.ts'
import type { Values } from './values.ts'

/**
 * @param values ν̂ over a window of the layer; what is returned is ν in the same place, with a gradient of its own
 * @param lines [2][neuron][stride]: slope, and l where unstable, else 0; left out where there is no ReLU
 * @param bias of the layer, [channel, padded]
 */
export function rowsRelu(
  plan: Plan,
  tape: Tape | undefined,
  at: { values: Values; lines?: Values; bias: Values; shape: Shape; window: Window; rows: RowSet; sums: RowSums },
): Values {
  throw new RangeError(`not yet: ${plan}${tape}${at}`)
}
