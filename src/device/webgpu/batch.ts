/** The examples that a plan takes at once, and how their values lie. */

export interface Batch {
  /** Examples at once; of a step, the first `step.count` are real. */
  readonly size: number
  /** Values of one per example lie [neuron][stride]: `size`, padded to a multiple of 4. Padding is zero in images. */
  readonly stride: number
}

export const batchOf = (size: number): Batch => ({ size, stride: (size + 3) & ~3 })
