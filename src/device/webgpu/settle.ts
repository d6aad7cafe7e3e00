/**
 * Bounds of a stage's neurons, and their relaxation.
 *
 *   interval [c − r, c + r];   where it leaves a neuron unstable: cut with an estimate, or with exact dual bounds
 *   slope d = 1 on, 0 off, u/(u − l) unstable;   gap l where unstable, else 0;   behind a ReLU: [relu l, relu u]
 *
 * Sound: no, not as it is rounded here: for training. Sources: Gowal et al. 2018, Wong et al. 2018, Li et al. 2019.
 */
import type { Tape } from '../tape.ts'
import type { Batch } from './batch.ts'
import type { ColumnShape } from './columns.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** What else is known of neurons that an interval step leaves unstable. */
export type Tightening =
  /** Columns before the ReLU. Their medians say how far the neuron is from its centre. */
  | { readonly columns: Values; readonly shape: ColumnShape }
  /** Exact dual bounds, pair of lower and upper ends [2][neuron][stride]; of other neurons they may be anything finite. */
  | { readonly exact: Values }

export interface Unsettled {
  /** Pair of centre and radius before the ReLU, [2][neuron][stride]. */
  readonly box: Values
  readonly neurons: number
  readonly batch: Batch
  /** Whether a ReLU follows. */
  readonly relu: boolean
  readonly tightening?: Tightening | undefined
}

/** Pairs, [2][neuron][stride]. */
export interface Settled {
  /** Lower and upper ends. */
  readonly bounds: Values
  /** Slopes and gaps: 1 and 0 where no ReLU follows. */
  readonly lines: Values
  /** Centre and radius behind the stage: behind its ReLU, if it has one. */
  readonly behind: Values
}

/** One dispatch, and one back. */
export function settle(plan: Plan, tape: Tape | undefined, unsettled: Unsettled): Settled {
  throw new RangeError(`${plan.dispatches.length}, ${unsettled.neurons}, ${tape}: not there yet`)
}
