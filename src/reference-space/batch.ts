/**
 * Bounds over the reference adversarial space for a batch, recorded (Li et al. 2019, Sections 5.3 and 5.4; reference-space.ts
 * has the formulas). An objective for training, never a certificate.
 */
import { carryMarginsBatch } from '../bounds/batch/margins.ts'
import type { CarriedRows } from '../bounds/batch/rows.ts'
import type { RelaxedBatch } from '../bounds/batch/relax.ts'
import type { Plan } from '../device/webgpu/plan.ts'
import { type SpaceStatistics, closeOverReference } from '../device/webgpu/reference-space.ts'
import type { Values } from '../device/webgpu/values.ts'
import type { Tape } from '../device/tape.ts'

/**
 * @param f what is trained; gradients go back on `tape`
 * @param reference margins of g over the same balls, carried without a tape
 * @returns upper bounds of z_target − z_label, [example · each + target], and what is recorded of g's constraints
 */
export function robustraMarginsBatch(
  plan: Plan,
  tape: Tape | undefined,
  f: RelaxedBatch,
  reference: CarriedRows,
): { readonly margins: Values; readonly statistics: SpaceStatistics } {
  const { box, labels } = f.ball
  const { rows, ...own } = carryMarginsBatch(plan, tape, f)
  const classes = f.stages.at(-1)!.outputShape.channels
  return closeOverReference(plan, tape, { own, reference, box, rows, labels, classes })
}
