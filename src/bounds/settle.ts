/**
 * Dual bounds of the neurons of one stage, for one example: the neurons that an interval step has left open get rows,
 * and the tighter end of both counts.
 */
import type { Engine } from '../device/wasm/engine.ts'
import { Tape, type Tensor } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import type { Chunk } from './chunk.ts'
import { closeOverBall, exampleOf } from './input-term.ts'
import { type CarriedRows, carryRows } from './dual-rows.ts'
import type { StageInterval } from './interval.ts'
import type { Relaxation } from './relaxation.ts'
import { startRounding, underflow } from './rounding.ts'
import { type Specification, neuronRows, neuronsByPosition } from './specification.ts'
import { rowWork } from './work.ts'

export interface DualOptions {
  /** Interval steps settle neurons and tighten bounds; false gives the paper's bound. */
  readonly prune: boolean
  /** Bytes that the rows of a pass may take: more rows go in several passes. */
  readonly memory: number
}

/** For rows, where nobody says. */
export const defaultMemory = 16 * 2 ** 20

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
  { prune, memory }: DualOptions,
  stage: number,
  { lower, upper, magnitude }: StageInterval,
  relaxations: readonly Relaxation[],
  example: number,
): number {
  const { engine, stages } = network
  const { columns } = chunk
  const extent = stages[stage].outputShape
  const place = (tensor: Tensor, neuron: number) => (tensor.pointer >> 2) + neuron * columns + example
  /** Carries rows over some neurons, as many at a time as memory allows, and hands over their bounds. */
  const bound = (
    wanted: (neuron: number) => boolean,
    makeTape: () => Tape | undefined,
    use: (rows: Int32Array, lower: Tensor, upper: Tensor, tape: Tape | undefined) => void,
  ): number => {
    const neurons = neuronsByPosition(extent, wanted)
    for (const batch of batches(neurons, extent.height * extent.width, rowsWithin(network, stage, memory))) {
      const mark = engine.mark()
      const inner = makeTape()
      const specification = neuronRows(engine, extent, batch)
      const carried = carryRows(engine, inner, stages, stage, relaxations, specification)
      if (magnitude) {
        addStartRounding(engine, carried, specification, magnitude, columns, example, startRounding(stages, stage))
      }
      const dual = closeOverBall(engine, inner, carried, exampleOf(chunk, example))
      use(specification.neurons, dual.lower, dual.upper, inner)
      engine.release(mark)
    }
    return neurons.length
  }

  const unstable = (j: number) => engine.f32[place(lower, j)] < 0 && engine.f32[place(upper, j)] > 0
  /** Whether a lower bound replaces another: where the interval's is tighter it stays, and where sums overflowed. */
  const isTighter = (bound: number, interval: number) => (!prune || bound > interval) && Math.abs(bound) < Infinity
  const dualEnds = new Uint8Array(sizeOf(extent))
  const rows = bound(
    prune ? unstable : () => true,
    () => undefined,
    (neurons, dualLower, dualUpper) => {
      const { f32 } = engine
      neurons.forEach((neuron, row) => {
        if (neuron < 0) return
        const [l, u] = [f32[(dualLower.pointer >> 2) + row], f32[(dualUpper.pointer >> 2) + row]]
        if (isTighter(l, f32[place(lower, neuron)])) {
          f32[place(lower, neuron)] = l
          dualEnds[neuron] |= LOWER
        }
        if (isTighter(-u, -f32[place(upper, neuron)])) {
          f32[place(upper, neuron)] = u
          dualEnds[neuron] |= UPPER
        }
      })
    },
  )

  tape?.record(() => {
    const [dl, du] = [(lower.gradient(engine) >> 2) + example, (upper.gradient(engine) >> 2) + example]
    const take = (gradient: number, neuron: number, end: number) => {
      if (!(dualEnds[neuron] & end)) return 0
      const value = engine.f32[gradient + neuron * columns]
      engine.f32[gradient + neuron * columns] = 0
      return value
    }
    const toLower = Float32Array.from(dualEnds, (_, neuron) => take(dl, neuron, LOWER))
    const toUpper = Float32Array.from(dualEnds, (_, neuron) => take(du, neuron, UPPER))
    // what outlives these passes must be allocated before they start
    for (const { slope, gap } of relaxations) {
      slope.gradient(engine)
      gap.gradient(engine)
    }
    bound(
      (neuron) => toLower[neuron] !== 0 || toUpper[neuron] !== 0,
      () => new Tape(),
      (neurons, dualLower, dualUpper, inner) => {
        const [rowLower, rowUpper] = [dualLower.gradient(engine) >> 2, dualUpper.gradient(engine) >> 2]
        neurons.forEach((neuron, row) => {
          if (neuron < 0) return
          engine.f32[rowLower + row] = toLower[neuron]
          engine.f32[rowUpper + row] = toUpper[neuron]
        })
        inner!.backward()
      },
    )
  })
  return rows
}

/**
 * Replaces the bounds of a stage that reads the image alone by those over the chunk's ball, which are exact. An interval
 * step bounds it over the box around the ball: the same for 'linf'. @returns dual rows used
 */
export function tightenToBall(
  network: LoadedNetwork,
  tape: Tape | undefined,
  chunk: Chunk,
  stage: number,
  interval: StageInterval,
): number {
  if (chunk.norm === 'linf') return 0
  const options = { prune: false, memory: defaultMemory }
  let rows = 0
  for (let example = 0; example < chunk.count; example++) {
    rows += tighten(network, tape, chunk, options, stage, interval, [], example)
  }
  return rows
}

/** Neurons, position by position, cut so that each part makes at most `most` rows, those of a position padded to four. */
function* batches(neurons: readonly number[], area: number, most: number): Generator<readonly number[]> {
  for (let first = 0, end = 0; first < neurons.length; first = end) {
    for (let rows = 0; end < neurons.length;) {
      const position = neurons[end] % area
      let next = end
      while (next < neurons.length && neurons[next] % area === position && next - end < most) next++
      rows += (next - end + 3) & ~3
      if (end > first && rows > most) break
      end = next
    }
    yield neurons.slice(first, end)
  }
}

/** How many rows fit into some bytes with their gradients: both passes cut alike, though the first keeps none. */
const rowsWithin = (network: LoadedNetwork, stage: number, bytes: number) =>
  Math.max(4, Math.floor(bytes / (8 * rowWork(network, stage).numbers)))

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
  const of = (neuron: number) => (neuron < 0 ? 0 : f32[(magnitude.pointer >> 2) + neuron * columns + example])
  neurons.forEach((neuron, row) => {
    f32[(carried.error.pointer >> 2) + row] += factor * (of(neuron) + of(label)) + underflow
  })
}
