/** Where rows start: as weights of the layer whose outputs they are about. */
import type { GeometryOptions } from '../device.ts'
import type { Shape } from '../../model/layers.ts'
import type { Tape } from '../tape.ts'
import type { Plan } from './plan.ts'
import type { RowSet, RowSums, Window } from './rows.ts'
import type { Values } from './values.ts'

/** An affine layer and its packed weights, [group][tap][input channel of the group][output channel of the group, padded]. */
export interface RowLayer {
  readonly inputShape: Shape
  readonly outputShape: Shape
  readonly options: GeometryOptions
  readonly weight: Values
}

/**
 * Rows of the margins: values [input][row] = W[target] − W[label], and b[target] − b[label] into the sums. Rows of the
 * label itself and of padding are 0.
 * @param bias [class, padded]
 * @param labels u32, [stride]
 */
export function startMargins(
  plan: Plan,
  tape: Tape | undefined,
  from: { layer: RowLayer; bias: Values; labels: Values; rows: RowSet; sums: RowSums },
): Values {
  throw new RangeError(`not yet: ${plan}${tape}${from}`)
}

/**
 * Rows of every neuron of a stage: values [input channel][wy][wx][row] = W[o] at the place's tap, target o an output
 * channel, and b[o] into the sums. 0 beyond the kernel, in channels of other groups, and for o that are padding.
 * @param window of what the layer reads; the kernel's own if left out (`kernelWindow`)
 * @param bias left out for the second and later terms of a residual sum
 */
export function startNeurons(
  plan: Plan,
  tape: Tape | undefined,
  from: { layer: RowLayer; bias?: Values; window: Window; rows: RowSet; sums: RowSums; into?: Values },
): Values {
  throw new RangeError(`not yet: ${plan}${tape}${from}`)
}
