/** What a loss on a GPU is: a function that records it for a micro-batch, and says what it found out about the examples. */
import type { AttackOptions } from '../../attacks/gradient-attack.ts'
import type { BatchBall } from '../../bounds/batch/ball.ts'
import type { LoadedBatch } from '../../device/webgpu/images.ts'
import type { BatchNetwork, BatchStage } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import type { Slice } from '../../device/webgpu/statistics.ts'
import type { Values } from '../../device/webgpu/values.ts'
import type { Tape } from '../../device/tape.ts'
import type { TrainingOptions } from '../settings.ts'
import type { Variant } from './variant.ts'

/** What is read back of every step: sums over its examples. What the loss is made of is added up where it is read. */
export const columns = [
  ...(['loss', 'empiricalLoss', 'penalty', 'cleanErrors', 't', 'loose', 'tight', 'infeasible', 'squares'] as const),
] as const
export type Column = (typeof columns)[number]

/** By column: one value per example, [stride], a single one, or all of a slice; a column that is missing is 0. */
export type Sums = Readonly<Partial<Record<Column, Values | Slice>>>

export interface BatchLossInput {
  readonly options: TrainingOptions
  readonly variant: Variant
  readonly loaded: LoadedBatch
  /** What the first stages make of the loaded images, where normalising them has found it. */
  readonly behind: readonly Values[]
  /** The balls over which bounds hold. */
  readonly ball: BatchBall
  readonly network: BatchNetwork
  /** Of the network, with the moments of the micro-batch in their weights if it is normalised; they want gradients. */
  readonly stages: readonly BatchStage[]
  /** The other network of a pair, for losses that have a reference; nothing flows back to it. */
  readonly reference: BatchNetwork | undefined
  readonly attack: Pick<AttackOptions, 'steps' | 'stepSize' | 'randomStart'>
  /** Centre and radius of the balls in which adversarial losses search, [2][input][stride]: those that were loaded, or wider ones. */
  readonly attacked: Values
  readonly tape: Tape
}

/** Records the loss of a method, with the weight `step.weight` for each example, and its gradient by logits or bounds. */
export type RecordLoss = (plan: Plan, input: BatchLossInput) => Sums

/** Records bounds of margins, which mixture.ts makes a loss of, and what else is known. */
export type RecordBounds = (
  plan: Plan,
  input: BatchLossInput,
) => Sums & {
  /** Upper bounds of z_target − z_label, [example · each + target]. */
  readonly margins: Values
}
