/**
 * The exact LP-dual bound of Wong & Kolter (2018), settled cheaply first.
 * Problem: bounds of every layer, and of the margins, over a box. Sound: yes. Complete: no.
 *
 * Before the dual pass of a layer an interval step is taken from the tightest bounds known of the layer before; the
 * neurons that it settles need no dual row, since only the bounds of unstable neurons enter later passes. Interval
 * and dual bounds are intersected. Never looser than the paper's bound; `prune: false` gives exactly the paper's.
 */
import { type Ball, type Interval, reluInterval } from '../engine/elementwise.ts'
import type { Engine } from '../engine/engine.ts'
import type { Geometry } from '../engine/layout.ts'
import { Tape, Tensor } from '../engine/tape.ts'
import { sizeOf } from '../networks/layers.ts'
import type { LoadedNetwork, Stage } from '../networks/load.ts'
import type { Chunk } from './chunk.ts'
import { type CarriedRows, type Example, type RowBounds, carryRows, closeOverBall } from './dual-rows.ts'
import { type StageInterval, centred, intervalMargins, intervalStep, magnitudeOf } from './interval.ts'
import { type Relaxation, relaxationOf } from './relaxation.ts'
import { dualRounding, largestTrusted, startRounding, underflow } from './rounding.ts'
import { type Specification, marginRows, neuronRows } from './specification.ts'

export interface DualOptions {
  /** Interval steps settle neurons and tighten bounds; false gives the paper's bound. */
  readonly prune: boolean
  /** Give way to float32 rounding: needed for certificates, not for training. */
  readonly rigorous: boolean
}

/** A network's neurons over the balls of a chunk: what every later dual pass starts from. */
export interface Relaxed {
  readonly network: LoadedNetwork
  readonly chunk: Chunk
  readonly options: DualOptions
  /** Pre-activation bounds of every hidden stage, [neuron][example]. */
  readonly intervals: readonly StageInterval[]
  /** relaxations[example][stage]. */
  readonly relaxations: readonly (readonly Relaxation[])[]
  /** Interval bounds of the last stage's inputs, and its magnitudes if rigorous. */
  readonly last: { readonly ball: Ball; readonly magnitude?: Tensor }
  /** False if values are so large that float32 underflow might matter: nothing may be certified. */
  readonly trusted: boolean
  /** Dual rows that were needed for the hidden stages, over all examples. */
  readonly rowCount: number
}

/** Bounds of every hidden stage of a network over a chunk. */
export function relaxNetwork(
  network: LoadedNetwork,
  tape: Tape | undefined,
  chunk: Chunk,
  options: DualOptions,
): Relaxed {
  const { engine, stages } = network
  const { columns, count } = chunk
  const intervals: StageInterval[] = []
  const relaxations: Relaxation[][] = Array.from({ length: count }, () => [])
  let ball = chunk.ball
  let rowCount = 0
  stages.slice(0, -1).forEach((stage, i) => {
    const interval = intervalStep(engine, tape, stage, ball, columns, options.rigorous, i === 0)
    if (i > 0) {
      for (let example = 0; example < count; example++) {
        rowCount += tighten(network, tape, chunk, options, i, interval, relaxations[example]!, example)
      }
    }
    const bounds = stage.relu ? interval : alwaysOn(engine, interval)
    const rounding = interval.magnitude && {
      magnitude: interval.magnitude,
      factor: dualRounding(stage.geometry, geometriesOf(stages, i)),
    }
    relaxations.forEach((ofExample, example) => {
      ofExample.push(
        relaxationOf(engine, stage.relu ? tape : undefined, stage, stages[i + 1]!, bounds, columns, example, rounding),
      )
    })
    ball = stage.relu ? reluInterval(engine, tape, interval) : centred(engine, tape, interval)
    intervals.push(interval)
  })
  const last = { ball, ...(options.rigorous && { magnitude: magnitudeOf(engine, stages.at(-1)!, ball, columns) }) }
  const trusted =
    !options.rigorous ||
    [chunk.ball.centre, chunk.ball.radius, ...magnitudes(intervals), last.magnitude!].every(isTrusted(engine))
  return { network, chunk, options, intervals, relaxations, last, trusted, rowCount }
}

const magnitudes = (intervals: readonly StageInterval[]) => intervals.flatMap(({ magnitude }) => magnitude ?? [])

const isTrusted = (engine: Engine) => (tensor: Tensor) =>
  engine.read(tensor.pointer, tensor.length).every((value) => Math.abs(value) <= largestTrusted)

/** Which ends of a neuron's bounds are the dual's. */
const LOWER = 1
const UPPER = 2

/**
 * Replaces one example's interval bounds of a stage by dual ones (or their intersection). @returns dual rows used
 *
 * The rows themselves are not kept for the way back: of the neurons that an interval step left open most turn out
 * stable, and no gradient comes to their bounds. Those rows that do get one are carried once more, with a tape.
 */
function tighten(
  network: LoadedNetwork,
  tape: Tape | undefined,
  chunk: Chunk,
  options: DualOptions,
  stage: number,
  { lower, upper, magnitude }: StageInterval,
  relaxations: readonly Relaxation[],
  example: number,
): number {
  const { engine, stages } = network
  const { columns } = chunk
  const extent = stages[stage]!.outputShape
  const place = (tensor: Tensor, neuron: number) => (tensor.pointer >> 2) + neuron * columns + example
  const { prune } = options
  const bound = (innerTape: Tape | undefined, wanted: (neuron: number) => boolean) => {
    const specification = neuronRows(engine, extent, wanted)
    const carried = carryRows(engine, innerTape, stages, stage, relaxations, specification)
    if (magnitude)
      addStartRounding(engine, carried, specification, magnitude, columns, example, geometriesOf(stages, stage))
    return { specification, dual: closeOverBall(engine, innerTape, carried, exampleOf(chunk, example)) }
  }

  const mark = engine.mark()
  const unstable = (j: number) => engine.f32[place(lower, j)]! < 0 && engine.f32[place(upper, j)]! > 0
  const { specification, dual } = bound(undefined, prune ? unstable : () => true)
  // where the interval end is tighter it stays
  const dualEnds = new Uint8Array(sizeOf(extent))
  const { f32 } = engine
  specification.neurons.forEach((neuron, row) => {
    if (neuron < 0) return
    const [l, u] = [f32[(dual.lower.pointer >> 2) + row]!, f32[(dual.upper.pointer >> 2) + row]!]
    if (!prune || l > f32[place(lower, neuron)]!) {
      f32[place(lower, neuron)] = l
      dualEnds[neuron]! |= LOWER
    }
    if (!prune || u < f32[place(upper, neuron)]!) {
      f32[place(upper, neuron)] = u
      dualEnds[neuron]! |= UPPER
    }
  })
  engine.release(mark)

  tape?.record(() => {
    const [dl, du] = [(lower.gradient(engine) >> 2) + example, (upper.gradient(engine) >> 2) + example]
    const take = (gradient: number, neuron: number, end: number) => {
      if (!(dualEnds[neuron]! & end)) return 0
      const value = engine.f32[gradient + neuron * columns]!
      engine.f32[gradient + neuron * columns] = 0
      return value
    }
    const toLower = Float32Array.from(dualEnds, (_, neuron) => take(dl, neuron, LOWER))
    const toUpper = Float32Array.from(dualEnds, (_, neuron) => take(du, neuron, UPPER))
    // what outlives this adjoint must be allocated before the mark
    for (const { slope, gap } of relaxations) {
      slope.gradient(engine)
      gap.gradient(engine)
    }
    const mark = engine.mark()
    const inner = new Tape()
    const { specification, dual } = bound(inner, (neuron) => toLower[neuron] !== 0 || toUpper[neuron] !== 0)
    const [rowLower, rowUpper] = [dual.lower.gradient(engine) >> 2, dual.upper.gradient(engine) >> 2]
    specification.neurons.forEach((neuron, row) => {
      if (neuron < 0) return
      engine.f32[rowLower + row] = toLower[neuron]!
      engine.f32[rowUpper + row] = toUpper[neuron]!
    })
    inner.backward()
    engine.release(mark)
  })
  return specification.rows
}

const geometriesOf = (stages: readonly Stage[], end: number) => stages.slice(0, end).map(({ geometry }) => geometry)

/** Rounding of a row's start, W[plus] − W[minus]; `magnitude` lies [neuron][example]. */
function addStartRounding(
  engine: Engine,
  carried: CarriedRows,
  { neurons }: Specification,
  magnitude: Tensor,
  columns: number,
  example: number,
  below: readonly Geometry[],
  label = -1,
): void {
  const { f32 } = engine
  const factor = startRounding(below)
  const of = (neuron: number) => (neuron < 0 ? 0 : f32[(magnitude.pointer >> 2) + neuron * columns + example]!)
  neurons.forEach((neuron, row) => {
    f32[(carried.error.pointer >> 2) + row]! += factor * (of(neuron) + of(label)) + underflow
  })
}

/** Where there is no ReLU every neuron passes with slope 1: bounds that say so. */
function alwaysOn(engine: Engine, { lower }: Interval): Interval {
  const zeros = Tensor.zeros(engine, lower.length)
  return { lower: zeros, upper: zeros }
}

export const exampleOf = ({ ball, columns }: Chunk, example: number): Example => ({
  centre: ball.centre.pointer + example * 4,
  radius: ball.radius.pointer + example * 4,
  stride: columns * 4,
})

/** The margins z_target − z_label of one example, carried back to the input. */
export interface CarriedMargins {
  readonly specification: Specification
  readonly carried: CarriedRows
}

export function carryMargins(relaxed: Relaxed, tape: Tape | undefined, example: number): CarriedMargins {
  const { network, chunk, relaxations, last } = relaxed
  const { engine, stages } = network
  const label = chunk.labels[example]!
  const specification = marginRows(engine, stages.at(-1)!.outputShape.channels, label)
  const carried = carryRows(engine, tape, stages, stages.length - 1, relaxations[example]!, specification, true)
  if (last.magnitude) {
    const below = geometriesOf(stages, stages.length - 1)
    addStartRounding(engine, carried, specification, last.magnitude, chunk.columns, example, below, label)
  }
  return { specification, carried }
}

/**
 * Upper bounds of z_target − z_label over the ball: one number per target, 0 at the label. All below zero: proved
 * robust, if `rigorous`.
 */
export function dualMargins(relaxed: Relaxed, tape: Tape | undefined, example: number): Tensor {
  const { network, chunk, options, last } = relaxed
  const { engine, stages } = network
  const { specification, carried } = carryMargins(relaxed, tape, example)
  const dual = closeOverBall(engine, tape, carried, exampleOf(chunk, example))
  const margins = scatter(engine, tape, stages.at(-1)!.outputShape.channels, specification, dual)
  if (!relaxed.trusted) engine.f32.fill(Infinity, margins.pointer >> 2, (margins.pointer >> 2) + margins.length)
  if (!options.prune) return margins
  const label = chunk.labels[example]!
  const interval = intervalMargins(
    engine,
    tape,
    stages.at(-1)!,
    last.ball,
    chunk.columns,
    example,
    label,
    options.rigorous,
  )
  return smaller(engine, tape, margins, interval)
}

/** Upper bounds by target from rows. */
export function scatter(
  engine: Engine,
  tape: Tape | undefined,
  classes: number,
  { neurons }: Specification,
  { upper }: Pick<RowBounds, 'upper'>,
): Tensor {
  const margins = Tensor.zeros(engine, classes)
  neurons.forEach((target, row) => {
    if (target >= 0) engine.f32[(margins.pointer >> 2) + target] = engine.f32[(upper.pointer >> 2) + row]!
  })
  tape?.record(() => {
    const [from, to] = [margins.gradient(engine) >> 2, upper.gradient(engine) >> 2]
    neurons.forEach((target, row) => {
      if (target >= 0) engine.f32[to + row]! += engine.f32[from + target]!
    })
  })
  return margins
}

/** The smaller of two bounds, element by element; the gradient goes to the one that is. */
function smaller(engine: Engine, tape: Tape | undefined, a: Tensor, b: Tensor): Tensor {
  const result = Tensor.create(engine, a.length)
  const { f32 } = engine
  const first = Array.from({ length: a.length }, (_, i) => f32[(a.pointer >> 2) + i]! <= f32[(b.pointer >> 2) + i]!)
  first.forEach((isFirst, i) => {
    f32[(result.pointer >> 2) + i] = f32[((isFirst ? a : b).pointer >> 2) + i]!
  })
  tape?.record(() => {
    const [d, da, db] = [result, a, b].map((tensor) => tensor.gradient(engine) >> 2) as [number, number, number]
    first.forEach((isFirst, i) => {
      engine.f32[(isFirst ? da : db) + i]! += engine.f32[d + i]!
    })
  })
  return result
}

/** Share of a hidden stage's neurons that are unstable, over the examples of a chunk. */
export function unstableShare({ network, chunk, intervals }: Relaxed, stage: number): number {
  const { engine } = network
  const { lower, upper } = intervals[stage]!
  const neurons = sizeOf(network.stages[stage]!.outputShape)
  let unstable = 0
  for (let j = 0; j < neurons; j++) {
    for (let e = 0; e < chunk.count; e++) {
      const at = j * chunk.columns + e
      if (engine.f32[(lower.pointer >> 2) + at]! < 0 && engine.f32[(upper.pointer >> 2) + at]! > 0) unstable++
    }
  }
  return unstable / (neurons * chunk.count)
}
