/**
 * The exact LP-dual bound of Wong & Kolter (2018), settled cheaply first: bounds of every hidden layer, from which
 * margins.ts continues.
 * Problem: bounds of a network's neurons over a box. Sound: yes. Complete: no.
 *
 * Before the dual pass of a layer an interval step is taken from the tightest bounds known of the layer before; the
 * neurons that it settles need no dual row, since only the bounds of unstable neurons enter later passes. Interval
 * and dual bounds are intersected. Nearly always tighter than the paper's bound (docs/decisions.md says when not);
 * `prune: false` gives exactly the paper's.
 */
import type { CentredBox, Device, Interval } from '../device/device.ts'
import type { Tape, Tensor } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import type { Chunk } from './chunk.ts'
import { type StageInterval, boxBehind, boxesOf, intervalStep, magnitudeOf } from './interval-step.ts'
import { type Errors, Projection } from './projections.ts'
import { type Relaxation, relaxationOf } from './relaxation.ts'
import { dualRounding, largestTrusted } from './rounding.ts'
import { type DualOptions, defaultMemory, tighten, tightenToBall } from './settle.ts'
import { rowWork } from './work.ts'
import { isUnstable } from '../model/phase.ts'

/** A network's neurons over the balls of a chunk: what every later dual pass starts from. */
export interface Relaxed {
  readonly network: LoadedNetwork
  readonly chunk: Chunk
  readonly options: DualOptions
  /** Pre-activation bounds of every hidden stage, [neuron][example]. */
  readonly intervals: readonly StageInterval[]
  /** relaxations[example][stage]. */
  readonly relaxations: readonly (readonly Relaxation[])[]
  /** Interval bounds of the last stage's inputs. */
  readonly last: CentredBox
  /** Dual rows that were needed for the hidden stages, over all examples. */
  readonly rowCount: number
  /** Neurons, over all examples, that were bounded by random projections instead. */
  readonly projectedCount: number
}

/** That bounds are exact and allow for rounding. Only `proveNetwork` makes one. */
class Proof {
  /** Magnitudes of the last stage's outputs. */
  readonly magnitude: Tensor
  /** False if values are so large that float32 underflow might matter: nothing may be certified. */
  readonly trusted: boolean
  // makes the type nominal: nothing that looks like a proof is one
  readonly #made = true

  constructor(magnitude: Tensor, trusted: boolean) {
    this.magnitude = magnitude
    this.trusted = trusted && this.#made
  }
}

/** Bounds that certificates may rest on. */
export interface Proved extends Relaxed {
  readonly proof: Proof
}

/** Estimates by random projections instead of exact rows. */
export interface Estimates {
  /** Number of random columns. */
  readonly dimension: number
  /** Each example's random numbers. */
  readonly errors: (example: number) => Errors
  /** Only where that multiplies less than exact rows would. */
  readonly ifCheaper: boolean
}

export interface RelaxOptions extends DualOptions {
  /** How hidden neurons are bounded: by dual rows, or by interval steps alone (CROWN-IBP, Zhang et al. 2020). */
  readonly hidden: 'dual' | 'interval'
  /** Of dual rows; the rows are exact without them. */
  readonly estimates?: Estimates | undefined
}

/**
 * Bounds of every hidden stage of a network over a chunk, for training: they do not allow for rounding, and may be
 * estimates. No certificate can be made of them.
 */
export function relaxNetwork(
  network: LoadedNetwork,
  tape: Tape | undefined,
  chunk: Chunk,
  { prune = true, memory = defaultMemory, hidden = 'dual', estimates }: Partial<RelaxOptions> = {},
): Relaxed {
  return relax(network, tape, chunk, { prune, memory, hidden, estimates, rigorous: false })
}

/** Exact bounds of every hidden stage that allow for float32 rounding: what certificates start from. Sound: yes. */
export function proveNetwork(network: LoadedNetwork, chunk: Chunk, prune: boolean): Proved {
  const { device, stages } = network
  const options = { prune, memory: defaultMemory, hidden: 'dual', rigorous: true } as const
  const relaxed = relax(network, undefined, chunk, options)
  const magnitude = magnitudeOf(device, stages.at(-1)!, [relaxed.last], chunk.columns)
  const trusted = [chunk.ball.centre, chunk.ball.radius, ...magnitudes(relaxed.intervals), magnitude]
  return { ...relaxed, proof: new Proof(magnitude, trusted.every(isTrusted)) }
}

function relax(
  network: LoadedNetwork,
  tape: Tape | undefined,
  chunk: Chunk,
  options: RelaxOptions & { readonly rigorous: boolean },
): Relaxed {
  const { device, stages } = network
  const { hidden, estimates, rigorous } = options
  const { columns, count } = chunk
  const intervals: StageInterval[] = []
  const behind: CentredBox[] = []
  const relaxations: Relaxation[][] = Array.from({ length: count }, () => [])
  const projections =
    estimates &&
    relaxations.map(
      (relaxations, example) =>
        new Projection(network, tape, chunk, {
          example,
          relaxations,
          dimension: estimates.dimension,
          errors: estimates.errors(example),
        }),
    )
  let rowCount = 0
  let projectedCount = 0
  stages.slice(0, -1).forEach((stage, i) => {
    const boxes = boxesOf(stage, chunk.ball, behind)
    const interval = intervalStep(device, tape, stage, { boxes, columns, rigorous })
    // over the image's box an interval step through one layer is exact; over another ball, rows are
    const isExact = stage.terms.length === 1 && stage.terms[0].source < 0
    if (isExact) rowCount += tightenToBall(network, tape, { chunk, stage: i, interval })
    else if (hidden === 'dual') {
      for (let example = 0; example < count; example++) {
        const open = projections ? openNeurons(interval, columns, example) : []
        const projection = projections?.[example]
        if (projection && !(estimates!.ifCheaper && rowsAreCheaper(network, i, open.length, projection))) {
          projection.tighten(i, interval, open)
          projectedCount += open.length
        } else {
          const unsettled = { chunk, example, options, stage: i, interval, relaxations: relaxations[example] }
          rowCount += tighten(network, tape, unsettled)
        }
      }
    }
    const bounds = stage.relu ? interval : alwaysOn(device, interval)
    const rounding = interval.magnitude && { magnitude: interval.magnitude, factor: dualRounding(stages, i) }
    relaxations.forEach((ofExample, example) => {
      ofExample.push(
        relaxationOf(device, stage.relu ? tape : undefined, stage, { interval: bounds, columns, example, rounding }),
      )
    })
    behind.push(boxBehind(device, tape, stage, interval))
    intervals.push(interval)
  })
  const last = boxesOf(stages.at(-1)!, chunk.ball, behind)[0]
  return { network, chunk, options, intervals, relaxations, last, rowCount, projectedCount }
}

/**
 * What a product costs in columns, counted in products of rows: rows that turn out to matter are carried once more, in
 * small windows. Measured: docs/performance.md.
 */
const ROW_PRICE = 0.5

const rowsAreCheaper = (network: LoadedNetwork, stage: number, rows: number, projection: Projection) =>
  rows * rowWork(network, stage).products < ROW_PRICE * projection.work(stage)

/** Neurons of an example that an interval step has left unstable. */
function openNeurons({ lower, upper }: Interval, columns: number, example: number): number[] {
  const [l, u] = [lower.view(), upper.view()]
  const open: number[] = []
  for (let j = 0, at = example; at < l.length; j++, at += columns) if (isUnstable(l[at], u[at])) open.push(j)
  return open
}

const magnitudes = (intervals: readonly StageInterval[]) => intervals.flatMap(({ magnitude }) => magnitude ?? [])

const isTrusted = (tensor: Tensor) => tensor.view().every((value) => Math.abs(value) <= largestTrusted)

/** Where there is no ReLU every neuron passes with slope 1: bounds that say so. */
function alwaysOn(device: Device, { lower }: Interval): Interval {
  const zeros = device.zeroTensor(lower.length)
  return { lower: zeros, upper: zeros }
}

/** Share of a hidden stage's neurons that are unstable, over the examples of a chunk. */
export function unstableShare({ network, chunk, intervals }: Relaxed, stage: number): number {
  const { lower, upper } = intervals[stage]
  const [l, u] = [lower.view(), upper.view()]
  const neurons = sizeOf(network.stages[stage].outputShape)
  let unstable = 0
  for (let j = 0; j < neurons; j++) {
    for (let e = 0; e < chunk.count; e++) {
      const at = j * chunk.columns + e
      if (isUnstable(l[at], u[at])) unstable++
    }
  }
  return unstable / (neurons * chunk.count)
}
