/**
 * Exact dual bounds of a hidden stage of a batch, recorded: a row for every neuron of every example goes back to the image, in
 * the window that it sees (Wong & Kolter 2018).
 */
import type { BatchStage } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Tape } from '../../device/tape.ts'
import type { BatchBall } from './relax.ts'

/** @returns [lower, upper][neuron][example] */
export function exactBounds(
  plan: Plan,
  tape: Tape | undefined,
  at: {
    readonly stages: readonly BatchStage[]
    readonly ball: BatchBall
    readonly lines: readonly Values[]
    readonly stage: number
  },
): Values {
  throw new RangeError(`not yet: ${plan}${tape}${at.stage}`)
}

/** Operations per example. */
export const exactWork = (stages: readonly BatchStage[], stage: number): number =>
  stages.length > stage ? Infinity : 0
