/**
 * How many examples a GPU takes at once: as many as memory allows, which the plans say before there is a GPU. The batch is
 * cut into parts as equal as can be, so the choice depends on settings and device alone.
 */
import { UserError } from '../../base/errors.ts'
import { bytesOf, memoryOf, placementOf } from '../../device/webgpu/placement.ts'
import type { Plan, Target } from '../../device/webgpu/plan.ts'

/** Sizes of equal parts of a batch, the largest first: of 50, 50, 25, 17, 13, 10, 9, 8, 7 … */
export const partsOf = (batch: number): readonly number[] => [
  ...new Set(Array.from({ length: batch }, (_, i) => Math.ceil(batch / (i + 1)))),
]

export interface Fit<Plans> {
  readonly size: number
  readonly plans: Plans
  /** Bytes of the device. */
  readonly memory: number
}

/**
 * The largest micro-batch whose plans fit.
 * @param deviceMemory MB
 * @param plansOf all plans of a run, by name, with micro-batches of a size
 * @throws UserError if one example does not fit
 */
export function fittingSize<Plans extends Readonly<Record<string, Plan>>>(
  { batchSize, deviceMemory }: { readonly batchSize: number; readonly deviceMemory: number },
  { largestBinding }: Pick<Target, 'largestBinding'>,
  plansOf: (size: number) => Plans,
): Fit<Plans> {
  let least = { largest: 0, memory: 0 }
  for (const size of partsOf(batchSize)) {
    const plans = plansOf(size)
    least = { largest: largestOf(Object.values(plans)), memory: memoryOf(Object.values(plans).map(placementOf)) }
    if (least.largest <= largestBinding && least.memory <= deviceMemory * 2 ** 20) {
      return { size, plans, memory: least.memory }
    }
  }
  const mb = (bytes: number) => Math.ceil(bytes / 2 ** 20)
  throw new UserError(
    least.largest > largestBinding
      ? `one image takes ${mb(least.largest)} MB at once, and the GPU allows ${mb(largestBinding)}: train on the CPU`
      : `one image takes ${mb(least.memory)} MB on the GPU, and deviceMemory is ${deviceMemory}: give it more`,
  )
}

/** Bytes of the largest values. */
const largestOf = (plans: readonly Plan[]): number =>
  plans.reduce(
    (most, { dispatches }) =>
      dispatches.reduce(
        (largest, { uses }) => uses.reduce((x, { values }) => Math.max(x, bytesOf(values.storage)), largest),
        most,
      ),
    0,
  )
