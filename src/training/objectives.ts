/**
 * What training minimises, one function per method: each lays its loss on the tape and returns its value.
 * A loss is summed over a chunk with the weight 1 / batch size, so that chunks add up to the batch's mean.
 */
import { type AttackOptions, attackChunk } from '../attacks/gradient-attack.ts'
import type { Chunk } from '../bounds/chunk.ts'
import { type Relaxed, relaxNetwork, unstableShare } from '../bounds/dual.ts'
import { dualMargins } from '../bounds/margins.ts'
import { intervalMargins, propagateIntervals } from '../bounds/interval.ts'
import { crossEntropy } from '../engine/cross-entropy.ts'
import { Random } from '../engine/random.ts'
import type { Tape, Tensor } from '../engine/tape.ts'
import { forward } from '../networks/forward.ts'
import type { LoadedNetwork } from '../networks/load.ts'
import { robustraMargins } from '../robustra/reference-space.ts'
import { regularise } from './regularisers.ts'

export const methods = ['natural', 'adversarial', 'interval', 'lp-dual', 'robustra'] as const
export type Method = (typeof methods)[number]

export interface ObjectiveInput {
  readonly network: LoadedNetwork
  /** The reference g, for Robustra. */
  readonly reference?: LoadedNetwork
  readonly tape: Tape
  /** The same images, laid out for each network (they may differ in nothing but weights). */
  readonly chunk: Chunk
  /** Weight of one example: 1 / batch size. */
  readonly weight: number
  /** Share of the clean loss in interval training, 1 to 0.5 (Gowal et al. 2018). */
  readonly cleanShare: number
  /** Weight of the regularisers in interval training, 0 for none (regularisers.ts). */
  readonly regularisation: number
  readonly attack: AttackOptions
  readonly bounds: BoundSettings
  /** Name each example's random streams, for attacks and projections. */
  readonly identifiers: readonly number[]
}

export const boundModes = ['exact', 'projected', 'auto'] as const

/** How dual methods bound hidden neurons. */
export interface BoundSettings {
  /** Exact rows, random projections, or per layer what multiplies less. */
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

/** Cross-entropy of the logits at some images of the chunk. */
function classification(input: ObjectiveInput, images: Tensor, weight: number): number {
  const { network, tape, chunk } = input
  const logits = forward(network, tape, images, chunk.columns, { input: false, weights: true })
  return chunk.labels.reduce(
    (sum, label, e) => sum + crossEntropy(network.engine, logits, classesOf(network), label, weight, e, chunk.columns),
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

/**
 * Gowal et al. (2018): a mix of the clean loss and the loss over interval bounds of the margins; with the regularisers
 * of Shi et al. (2021) if they have a weight.
 */
const interval = (input: ObjectiveInput) => {
  const { network, tape, chunk, weight, cleanShare, regularisation } = input
  const { engine, stages } = network
  const clean = classification(input, chunk.ball.centre, weight * cleanShare)
  const { hidden, last: ball } = propagateIntervals(network, tape, chunk)
  const worst = chunk.labels.reduce((sum, label, e) => {
    const margins = intervalMargins(engine, tape, stages.at(-1)!, ball, chunk.columns, e, label)
    return sum + crossEntropy(engine, margins, classesOf(network), label, weight * (1 - cleanShare))
  }, 0)
  const penalty = regularisation > 0 ? regularise(engine, chunk, hidden, regularisation * weight * chunk.count) : 0
  return result(clean + worst + penalty)
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
    random: (example: number) => new Random(seed, stream, identifiers[example]!),
    ifCheaper: mode === 'auto',
  }
  // no random numbers estimate the dual norm of ℓ1 balls
  const isExact = mode === 'exact' || chunk.norm === 'l1'
  return relaxNetwork(network, tape, chunk, { memory }, isExact ? undefined : estimates)
}

/** What bounds say besides the loss. */
const costOf = (bounds: Relaxed) => ({
  unstable: unstableOf(bounds),
  rows: bounds.rowCount,
  projected: bounds.projectedCount,
})

/** Wong & Kolter (2018): cross-entropy over the dual upper bounds of the margins. */
const lpDual = (input: ObjectiveInput) => {
  const { network, tape, chunk, weight } = input
  const bounds = relaxed(input, network, tape, 'projection')
  const loss = chunk.labels.reduce((sum, label, e) => {
    const margins = dualMargins(bounds, tape, e)
    return sum + crossEntropy(network.engine, margins, classesOf(network), label, weight)
  }, 0)
  return { ...result(loss), ...costOf(bounds) }
}

/** Li et al. (2019): the same over the reference adversarial space. */
const robustra = (input: ObjectiveInput) => {
  const { network, reference, tape, chunk, weight } = input
  if (!reference) throw new RangeError('robustra needs a reference network')
  const f = relaxed(input, network, tape, 'projection')
  const g = relaxed(input, reference, undefined, 'reference projection')
  const total = { ...result(0), ...costOf(f) }
  chunk.labels.forEach((label, e) => {
    const { margins, statistics } = robustraMargins(f, tape, g, e)
    total.loss += crossEntropy(network.engine, margins, classesOf(network), label, weight)
    total.t += statistics.t
    total.loose += statistics.loose
    total.tight += statistics.tight
    total.infeasible += statistics.infeasible
  })
  return total
}

export const objectives: Record<Method, (input: ObjectiveInput) => ObjectiveResult> = {
  natural,
  adversarial,
  interval,
  'lp-dual': lpDual,
  robustra,
}
