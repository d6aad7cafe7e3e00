/**
 * Columns of random projections, on their way from the image through a relaxed network (src/bounds/projections.ts says what
 * they are for; here are those of ℓ∞ balls). They lie [neuron][example · width + column]: column 0 is the centre, 1 to k hold
 * errors, the padding is zero. Layers between are products like any other (affine.ts), of size · width rows.
 */
import type { Tape } from '../tape.ts'
import type { Batch } from './batch.ts'
import type { Plan } from './plan.ts'
import type { RandomUse } from './random.ts'
import type { Values } from './values.ts'

export interface ColumnShape {
  readonly batch: Batch
  /** k: columns of errors. */
  readonly dimension: number
  /** 1 + k, padded to a multiple of 4. */
  readonly width: number
}

export const columnShape = (batch: Batch, dimension: number): ColumnShape => ({
  batch,
  dimension,
  width: (1 + dimension + 3) & ~3,
})

/** Random errors of a network's columns: those of f or of its reference. */
export interface ErrorSource {
  readonly shape: ColumnShape
  /** Each example's index in its data set, u32 [stride]: the same image draws the same numbers wherever it lies. */
  readonly identifiers: Values
  readonly stream: Extract<RandomUse, 'projection' | 'reference'>
}

/**
 * Columns over a box around the images: the centre, and per column radius · error.
 * @param box pair, [2][input][stride]
 */
export function startColumns(plan: Plan, source: ErrorSource, box: Values): Values {
  throw new RangeError(`${plan.dispatches.length}, ${source.stream}, ${box.length}: not there yet`)
}

/**
 * Columns behind a relaxed ReLU, in the place of those before it: d·z, and where it is unstable + h in column 0 and
 * + h · error in the others, h = −d·l/2. What is off becomes zero. Nothing that runs later may read them as they were.
 * @param lines pair, slope d and gap l, [2][neuron][stride]
 * @param stage names the random numbers
 */
export function columnsRelu(
  plan: Plan,
  tape: Tape | undefined,
  source: ErrorSource,
  { columns, lines, stage }: { readonly columns: Values; readonly lines: Values; readonly stage: number },
): void {
  throw new RangeError(
    `${plan.dispatches.length}, ${source.stream}, ${stage}, ${columns.length}, ${lines.length}, ${tape}`,
  )
}
