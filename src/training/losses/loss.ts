/**
 * What a loss of training is: a function that lays it on a tape, and what settings, schedules and reports must know of it.
 * A loss is summed over a chunk with the weight 1 / batch size, so that the chunks of a batch add up to its mean.
 */
import type { AttackOptions } from '../../attacks/gradient-attack.ts'
import type { Chunk } from '../../bounds/chunk.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import type { Tape, Tensor } from '../../device/tape.ts'

export interface Loss {
  /** Its name as a training method. */
  readonly name: string
  /** What it minimises and whose idea it is, for help. */
  readonly summary: string
  /** What it looks at: the images as they are, adversarial examples in their balls, or bounds over the balls. */
  readonly over: 'images' | 'attacks' | 'bounds'
  /** Whether it goes through the network with a whole chunk at once, or with one example after another. */
  readonly passes: 'chunk' | 'example'
  /** If f is trained with g as its reference: how g is trained, by the same loss with f as reference, or naturally. */
  readonly reference?: 'mutual' | 'natural'
  /** Whether it is a cross-entropy, which `lossExponent` generalises; over bounds, of margins, which combine. */
  readonly isCrossEntropy: boolean
  /** Whether it propagates intervals: it then begins with the empirical loss, and has regularisers, while ε grows. */
  readonly isInterval?: true
  /** Lays the loss of a chunk on the tape. */
  readonly lay: (input: LossInput) => LossResult
}

/** Empirical losses: of clean images, or of the worst images that PGD finds. */
export const empiricalLosses = ['clean', 'adversarial'] as const

/** What of an empirical loss and one over bounds is combined (expressive.ts). */
export const combinations = ['losses', 'margins', 'logarithms'] as const

/** Exact rows, random projections, per layer the cheaper of both, or intervals alone (CROWN-IBP, Zhang et al. 2020). */
export const boundModes = ['exact', 'projected', 'auto', 'interval'] as const

/** How dual losses bound hidden neurons. */
export interface BoundSettings {
  readonly mode: (typeof boundModes)[number]
  /** Random columns of a projection. */
  readonly dimension: number
  /** Bytes that rows may take at once. */
  readonly memory: number
  /** Decides the random columns. */
  readonly seed: number
}

export interface LossInput {
  readonly network: LoadedNetwork
  /** The reference g, for losses that have one. */
  readonly reference?: LoadedNetwork
  readonly tape: Tape
  /** Images in the layout of the network's engine. */
  readonly chunk: Chunk
  /** Weight of one example: 1 / batch size. */
  readonly weight: number
  /** The balls in which adversarial losses search: those of the chunk, or wider ones. */
  readonly attacked: Chunk
  /** Losses over bounds: which empirical loss is mixed into them, how, and its share, 0 to 1. */
  readonly empirical: {
    readonly loss: (typeof empiricalLosses)[number]
    readonly combine: (typeof combinations)[number]
    readonly share: number
  }
  /** Logits [class][example] of the empirical loss, where the loss over bounds is to combine with it. */
  readonly empiricalLogits?: Tensor
  /** Losses over bounds: they hold over this share of the ball's radius, in (0, 1]. */
  readonly boxShare: number
  /** q of the generalised cross-entropy, 0 to 1 (cross-entropy.ts). */
  readonly lossExponent: number
  /** Weight of the regularisers in interval training, 0 for none (regularisers.ts). */
  readonly regularisation: number
  /** TAPS: how many of the last hidden layers are attacked, behind the boxes of the others (taps.ts). */
  readonly attackedLayers: number
  readonly attack: AttackOptions
  readonly bounds: BoundSettings
  /** Name each example's random streams, for attacks and projections. */
  readonly identifiers: readonly number[]
}

/** Sums over the examples of a chunk; the trainer divides by their number. */
export interface LossResult {
  /** Weighted loss. */
  loss: number
  /** How many clean images the network gets wrong; undefined if the loss does not look at clean images. */
  cleanErrors: number | undefined
  /** Share of all hidden neurons that are unstable, summed over examples; 0 if the loss makes no bounds. */
  unstable: number
  /** Dual rows that hidden neurons took, and neurons bounded by projections, summed over examples. */
  rows: number
  projected: number
  /** Robustra: Σ t₀, and how many constraints are loose, tight, infeasible at t = 0. */
  t: number
  loose: number
  tight: number
  infeasible: number
}

export const noResult: LossResult = {
  loss: 0,
  cleanErrors: undefined,
  unstable: 0,
  rows: 0,
  projected: 0,
  t: 0,
  loose: 0,
  tight: 0,
  infeasible: 0,
}

export const addResults = (a: LossResult, b: LossResult): LossResult => ({
  loss: a.loss + b.loss,
  cleanErrors: a.cleanErrors === undefined ? b.cleanErrors : a.cleanErrors + (b.cleanErrors ?? 0),
  unstable: a.unstable + b.unstable,
  rows: a.rows + b.rows,
  projected: a.projected + b.projected,
  t: a.t + b.t,
  loose: a.loose + b.loose,
  tight: a.tight + b.tight,
  infeasible: a.infeasible + b.infeasible,
})

/** A result that is a loss and no more. */
export const lossAlone = (loss: number): LossResult => ({ ...noResult, loss })
