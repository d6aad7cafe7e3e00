/** Which parts a recorded step has. A run has few variants: of its warm-up, its ramp, and what comes after. */
import { lossOf, type Method } from '../losses/list.ts'
import type { combinations, empiricalLosses } from '../losses/loss.ts'
import { empiricalShareAt, methodAt, regularisationAt } from '../schedule.ts'
import type { TrainingOptions } from '../settings.ts'

export interface Variant {
  readonly method: Method
  /** The loss that is mixed into one over bounds, if one is. */
  readonly empirical: (typeof empiricalLosses)[number] | 'none'
  readonly combine: (typeof combinations)[number]
  /** Share of the ball's radius over which bounds hold. */
  readonly boxShare: number
  readonly isRegularised: boolean
}

/** The variant of a step, epochs and steps counting from 0. @param name of the network: of a pair, both may differ */
export function variantAt(
  options: TrainingOptions,
  {
    epoch,
    step,
    steps,
    name,
  }: { readonly epoch: number; readonly step: number; readonly steps: number; readonly name: string },
): Variant {
  const method = methodAt(options, epoch, name)
  const isWarmUp = epoch < options.warmUpEpochs
  const isMixed = lossOf(method).over === 'bounds' && empiricalShareAt(options, epoch, step, steps) > 0
  return {
    method,
    empirical: isMixed ? options.empirical : 'none',
    combine: isWarmUp ? 'losses' : options.combine,
    boxShare: isWarmUp ? 1 : options.boxShare,
    isRegularised: regularisationAt(options, epoch, step, steps) > 0,
  }
}
