/**
 * Dual bounds of the neurons of one stage, for one example: the neurons that an interval step has left open get rows,
 * and the tighter end of both counts.
 */
import type { Engine } from '../engine/engine.ts'
import { Tape, type Tensor } from '../engine/tape.ts'
import { sizeOf } from '../networks/layers.ts'
import type { LoadedNetwork } from '../networks/load.ts'
import type { Chunk } from './chunk.ts'
import { closeOverBall, exampleOf } from './close.ts'
import { type CarriedRows, carryRows } from './dual-rows.ts'
import type { StageInterval } from './interval.ts'
import type { Relaxation } from './relaxation.ts'
import { startRounding, underflow } from './rounding.ts'
import { type Specification, neuronRows } from './specification.ts'

export interface DualOptions {
  /** Interval steps settle neurons and tighten bounds; false gives the paper's bound. */
  readonly prune: boolean
  /** Give way to float32 rounding: needed for certificates, not for training. */
  readonly rigorous: boolean
}

/** Which ends of a neuron's bounds are the dual's. */
const LOWER = 1
const UPPER = 2

/**
 * Replaces one example's interval bounds of a stage by dual ones (or their intersection). @returns dual rows used
 *
 * The rows themselves are not kept for the way back: of the neurons that an interval step left open most turn out
 * stable, and no gradient comes to their bounds. Those rows that do get one are carried once more, with a tape.
 */
export function tighten(
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
      addStartRounding(engine, carried, specification, magnitude, columns, example, startRounding(stages, stage))
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

/** Rounding of a row's start, W[plus] − W[minus]: `factor` per unit of magnitude, which lies [neuron][example]. */
export function addStartRounding(
  engine: Engine,
  carried: CarriedRows,
  { neurons }: Specification,
  magnitude: Tensor,
  columns: number,
  example: number,
  factor: number,
  label = -1,
): void {
  const { f32 } = engine
  const of = (neuron: number) => (neuron < 0 ? 0 : f32[(magnitude.pointer >> 2) + neuron * columns + example]!)
  neurons.forEach((neuron, row) => {
    f32[(carried.error.pointer >> 2) + row]! += factor * (of(neuron) + of(label)) + underflow
  })
}
