/**
 * What training minimises, one function per method: each lays its loss on the tape and returns its value.
 * A loss is summed over a chunk with the weight 1 / batch size, so that chunks add up to the batch's mean.
 *
 * Methods that bound the worst case (interval, lp-dual, robustra) compose with three settings, which make the objectives
 * of later work, and those with the reference space on top:
 * - the empirical share: that much of the loss is an empirical one instead, of clean images (Gowal et al. 2018) or of
 *   adversarial ones (MTL-IBP of De Palma et al. 2024);
 * - the box share: the bounds hold over a smaller box around an adversarial example (SABR, Müller et al. 2023);
 * - bounds 'interval': hidden neurons of dual methods are bounded by intervals (CROWN-IBP, Zhang et al. 2020).
 * The loss of them all may be a generalised cross-entropy, with which images that are hopeless anyway weigh less.
 */
import { type AttackOptions, attackChunk } from '../attacks/gradient-attack.ts'
import { type Chunk, subBalls } from '../bounds/chunk.ts'
import { type Relaxed, relaxNetwork, unstableShare } from '../bounds/dual.ts'
import { dualMargins } from '../bounds/margins.ts'
import { intervalMargins, propagateIntervals } from '../bounds/interval.ts'
import { crossEntropy } from '../device/wasm/cross-entropy.ts'
import { Random } from '../base/random.ts'
import type { Tape, Tensor } from '../device/tape.ts'
import { forward } from '../device/forward.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import { robustraMargins } from '../reference-space/reference-space.ts'
import { orthogonalityLoss } from './losses/orthogonality.ts'
import { regularise } from './losses/regularisers.ts'

export const methods = ['natural', 'adversarial', 'interval', 'lp-dual', 'robustra', 'orthogonal'] as const
export type Method = (typeof methods)[number]

export interface ObjectiveInput {
  readonly network: LoadedNetwork
  /** The reference g, for Robustra and 'orthogonal'. */
  readonly reference?: LoadedNetwork
  readonly tape: Tape
  /** The same images, laid out for each network (they may differ in nothing but weights). */
  readonly chunk: Chunk
  /** Weight of one example: 1 / batch size. */
  readonly weight: number
  /** Methods that bound: what is mixed into their loss, 0 to 1. */
  readonly empirical: { readonly loss: (typeof empiricalLosses)[number]; readonly share: number }
  /** Methods that bound: over what share of the ball's radius, in (0, 1]. */
  readonly boxShare: number
  /** q of the generalised cross-entropy, 0 to 1 (engine/cross-entropy.ts); not of 'orthogonal'. */
  readonly lossExponent: number
  /** Weight of the regularisers in interval training, 0 for none (regularisers.ts). */
  readonly regularisation: number
  readonly attack: AttackOptions
  readonly bounds: BoundSettings
  /** Name each example's random streams, for attacks and projections. */
  readonly identifiers: readonly number[]
}

/** Of clean images, or of the worst that PGD finds. */
export const empiricalLosses = ['clean', 'adversarial'] as const

export const boundModes = ['exact', 'projected', 'auto', 'interval'] as const

/** How dual methods bound hidden neurons. */
export interface BoundSettings {
  /** Exact rows, random projections, per layer what multiplies less, or intervals alone. */
  readonly mode: (typeof boundModes)[number]
  /** Random columns of a projection. */
  readonly dimension: number
  /** Bytes that rows may take at once. */
  readonly memory: number
  /** Of the random columns. */
  readonly seed: number
}

/** Sums over the examples of a chunk; the trainer divides by their number. */
export interface ObjectiveResult {
  /** Weighted loss. */
  loss: number
  /** Share of all hidden neurons that are unstable, summed over examples; 0 where no bounds are made. */
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

export const noResult: ObjectiveResult = {
  loss: 0,
  unstable: 0,
  rows: 0,
  projected: 0,
  t: 0,
  loose: 0,
  tight: 0,
  infeasible: 0,
}

export const addResults = (a: ObjectiveResult, b: ObjectiveResult): ObjectiveResult => ({
  loss: a.loss + b.loss,
  unstable: a.unstable + b.unstable,
  rows: a.rows + b.rows,
  projected: a.projected + b.projected,
  t: a.t + b.t,
  loose: a.loose + b.loose,
  tight: a.tight + b.tight,
  infeasible: a.infeasible + b.infeasible,
})

const result = (loss: number): ObjectiveResult => ({ ...noResult, loss })

const classesOf = ({ stages }: LoadedNetwork) => stages.at(-1)!.outputShape.channels

/** The loss of the logits at some images of the chunk. */
function classification(input: ObjectiveInput, images: Tensor, weight: number): number {
  const { network, tape, chunk, lossExponent } = input
  const { engine } = network
  const classes = classesOf(network)
  const logits = forward(network, tape, images, chunk.columns, { input: false, weights: true })
  return chunk.labels.reduce(
    (sum, label, e) => sum + crossEntropy(engine, logits, classes, label, weight, e, chunk.columns, lossExponent),
    0,
  )
}

/** Clean images. */
const natural = (input: ObjectiveInput) => result(classification(input, input.chunk.ball.centre, input.weight))

/** Madry et al. (2018): the worst images that PGD finds. */
const adversarial = (input: ObjectiveInput) => {
  const worst = attackChunk(input.network, input.chunk, input.attack, input.identifiers)
  return result(classification(input, worst, input.weight))
}

/** The loss of the bounds of an example's margins, one per target. */
function worstLoss(input: ObjectiveInput, margins: Tensor, label: number): number {
  const { network, weight, empirical, lossExponent } = input
  const own = weight * (1 - empirical.share)
  return crossEntropy(network.engine, margins, classesOf(network), label, own, 0, 1, lossExponent)
}

/** Gowal et al. (2018): interval bounds of the margins; with the regularisers of Shi et al. (2021) if they have a weight. */
const interval = (input: ObjectiveInput) => {
  const { network, tape, chunk, weight, regularisation } = input
  const { engine, stages } = network
  const { hidden, last: ball } = propagateIntervals(network, tape, chunk)
  const worst = chunk.labels.reduce((sum, label, e) => {
    const margins = intervalMargins(engine, tape, stages.at(-1)!, ball, chunk.columns, e, label)
    return sum + worstLoss(input, margins, label)
  }, 0)
  const penalty = regularisation > 0 ? regularise(engine, chunk, hidden, regularisation * weight * chunk.count) : 0
  return result(worst + penalty)
}

/** Share of hidden neurons that are unstable, summed over the examples of a chunk. */
export const unstableOf = (relaxed: Relaxed) => {
  const { network, chunk } = relaxed
  const sizes = network.stages.slice(0, -1).map(({ outputShape: s }) => s.channels * s.height * s.width)
  const unstable = sizes.reduce((sum, size, stage) => sum + size * unstableShare(relaxed, stage), 0)
  return (chunk.count * unstable) / sizes.reduce((a, b) => a + b, 0)
}

/** The bounds of hidden neurons, as the run wants them. @param stream tells a network's random numbers from another's */
function relaxed(
  { chunk, bounds, identifiers }: ObjectiveInput,
  network: LoadedNetwork,
  tape: Tape | undefined,
  stream: string,
): Relaxed {
  const { mode, dimension, memory, seed } = bounds
  const estimates = {
    dimension,
    random: (example: number) => new Random(seed, stream, identifiers[example]),
    ifCheaper: mode === 'auto',
  }
  // no random numbers estimate the dual norm of ℓ1 balls
  const isExact = mode === 'exact' || mode === 'interval' || chunk.norm === 'l1'
  const options = { memory, hidden: mode === 'interval' ? 'interval' : 'dual' } as const
  return relaxNetwork(network, tape, chunk, options, isExact ? undefined : estimates)
}

/** What bounds say besides the loss. */
const costOf = (bounds: Relaxed) => ({
  unstable: unstableOf(bounds),
  rows: bounds.rowCount,
  projected: bounds.projectedCount,
})

/** Wong & Kolter (2018): cross-entropy over the dual upper bounds of the margins. */
const lpDual = (input: ObjectiveInput) => {
  const { network, tape, chunk } = input
  const bounds = relaxed(input, network, tape, 'projection')
  const loss = chunk.labels.reduce((sum, label, e) => {
    const margins = dualMargins(bounds, tape, e)
    return sum + worstLoss(input, margins, label)
  }, 0)
  return { ...result(loss), ...costOf(bounds) }
}

/** Li et al. (2019): the same over the reference adversarial space. */
const robustra = (input: ObjectiveInput) => {
  const { network, reference, tape, chunk } = input
  if (!reference) throw new RangeError('robustra needs a reference network')
  const f = relaxed(input, network, tape, 'projection')
  const g = relaxed(input, reference, undefined, 'reference projection')
  const total = { ...result(0), ...costOf(f) }
  chunk.labels.forEach((label, e) => {
    const { margins, statistics } = robustraMargins(f, tape, g, e)
    total.loss += worstLoss(input, margins, label)
    total.t += statistics.t
    total.loose += statistics.loose
    total.tight += statistics.tight
    total.infeasible += statistics.infeasible
  })
  return total
}

/** Section 4: input gradients across those of the reference. */
const orthogonal = ({ network, reference, tape, chunk, weight }: ObjectiveInput) => {
  if (!reference) throw new RangeError('orthogonal needs a reference network')
  return result(orthogonalityLoss(network, reference, tape, chunk, weight))
}

const losses: Record<Method, (input: ObjectiveInput) => ObjectiveResult> = {
  natural,
  adversarial,
  interval,
  'lp-dual': lpDual,
  robustra,
  orthogonal,
}

/** Whether a method trains f with g as its reference: Robustra both in turn, 'orthogonal' f alone, and g naturally. */
export const trainsPair = (method: Method) => method === 'robustra' || method === 'orthogonal'

/** Whether a method is one of bounds, with which empirical losses and smaller boxes compose. */
export const isBounding = (method: Method) => !['natural', 'adversarial', 'orthogonal'].includes(method)

/** Lays a method's loss over a chunk on the tape. */
export function minimise(method: Method, input: ObjectiveInput): ObjectiveResult {
  const { empirical, weight } = input
  if (!isBounding(method)) return losses[method](input)
  const bounded = losses[method]({ ...input, chunk: smallBoxes(input) })
  if (empirical.share === 0) return bounded
  const mixed = (empirical.loss === 'clean' ? natural : adversarial)({ ...input, weight: weight * empirical.share })
  return addResults(bounded, mixed)
}

/**
 * Müller et al. (2023): boxes of λ times the balls' radii around adversarial examples that are looked for in the balls of
 * 1 − λ times their radii, so that every box lies within its ball.
 */
function smallBoxes({ network, chunk, attack, boxShare, identifiers }: ObjectiveInput): Chunk {
  if (boxShare === 1) return chunk
  const { engine } = network
  const room = subBalls(engine, chunk, chunk.ball.centre, 1 - boxShare)
  return subBalls(engine, chunk, attackChunk(network, room, attack, identifiers), boxShare)
}
