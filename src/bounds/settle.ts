/**
 * Dual bounds of the neurons of one stage, for one example: the neurons that an interval step has left open get rows,
 * and the tighter end of both counts.
 */
import { Tape, type Tensor, makeGradients } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import type { Interval } from '../device/device.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import type { Chunk } from './chunk.ts'
import { closeOverBall, exampleOf } from './input-term.ts'
import { type CarriedRows, carryRows } from './dual-rows.ts'
import type { StageInterval } from './interval-step.ts'
import type { Relaxation } from './relaxation.ts'
import { startRounding, underflow } from './rounding.ts'
import { type Specification, neuronRows, neuronsByPosition } from './specification.ts'
import { rowWork } from './work.ts'
import { isUnstable } from '../model/phase.ts'

export interface DualOptions {
  /** Interval steps settle neurons and tighten bounds; false gives the paper's bound. */
  readonly prune: boolean
  /** Bytes that the rows of a pass may take: more rows go in several passes. */
  readonly memory: number
}

/** Memory for rows, if the caller sets none. */
export const defaultMemory = 16 * 2 ** 20

/** Which ends of a neuron's bounds are the dual's. */
const LOWER = 1
const UPPER = 2

/** What an interval step says of one example's neurons. */
interface Unsettled {
  readonly chunk: Chunk
  readonly example: number
  readonly options: DualOptions
  readonly stage: number
  readonly interval: StageInterval
  /** Of every stage before this one. */
  readonly relaxations: readonly Relaxation[]
}

/**
 * Replaces one example's interval bounds of a stage by dual ones (or their intersection). @returns dual rows used
 *
 * The rows themselves are not kept for the way back: of the neurons that an interval step left open most turn out
 * stable, and no gradient comes to their bounds. Those rows that do get one are carried once more, with a tape.
 */
export function tighten(
  network: LoadedNetwork,
  tape: Tape | undefined,
  { chunk, example, options: { prune, memory }, stage, interval, relaxations }: Unsettled,
): number {
  const { device, stages } = network
  const { lower, upper, magnitude } = interval
  const { columns } = chunk
  const extent = stages[stage].outputShape
  const place = (neuron: number) => neuron * columns + example
  /** Carries rows over some neurons, as many at a time as memory allows, and hands over their bounds. */
  const bound = (
    wanted: (neuron: number) => boolean,
    makeTape: () => Tape | undefined,
    use: (rows: Int32Array, dual: Interval, tape: Tape | undefined) => void,
  ): number => {
    const neurons = neuronsByPosition(extent, wanted)
    for (const batch of batches(neurons, extent.height * extent.width, rowsWithin(network, stage, memory))) {
      const mark = device.mark()
      const inner = makeTape()
      const specification = neuronRows(device, extent, batch)
      const carried = carryRows(network, inner, stage, { relaxations, specification })
      if (magnitude) {
        const rounding = { magnitude, factor: startRounding(stages, stage), columns, example }
        addStartRounding(carried, specification, rounding)
      }
      use(specification.neurons, closeOverBall(device, inner, carried, exampleOf(chunk, example)), inner)
      device.release(mark)
    }
    return neurons.length
  }

  const [l, u] = [lower.view(), upper.view()]
  const unstable = (j: number) => isUnstable(l[place(j)], u[place(j)])
  /** Whether a lower bound replaces another: where the interval's is tighter it stays, and where sums overflowed. */
  const isTighter = (bound: number, interval: number) => (!prune || bound > interval) && Math.abs(bound) < Infinity
  const dualEnds = new Uint8Array(sizeOf(extent))
  const rows = bound(
    prune ? unstable : () => true,
    () => undefined,
    (neurons, dual) => {
      const [dualLower, dualUpper] = [dual.lower.view(), dual.upper.view()]
      const [lowest, highest] = [lower.view(), upper.view()]
      neurons.forEach((neuron, row) => {
        if (neuron < 0) return
        const at = place(neuron)
        if (isTighter(dualLower[row], lowest[at])) {
          lowest[at] = dualLower[row]
          dualEnds[neuron] |= LOWER
        }
        if (isTighter(-dualUpper[row], -highest[at])) {
          highest[at] = dualUpper[row]
          dualEnds[neuron] |= UPPER
        }
      })
    },
  )

  tape?.record(() => {
    const [dl, du] = makeGradients(lower, upper).map((gradient) => gradient.view()) as [Float32Array, Float32Array]
    const take = (gradient: Float32Array, neuron: number, end: number) => {
      if (!(dualEnds[neuron] & end)) return 0
      const value = gradient[place(neuron)]
      gradient[place(neuron)] = 0
      return value
    }
    const toLower = Float32Array.from(dualEnds, (_, neuron) => take(dl, neuron, LOWER))
    const toUpper = Float32Array.from(dualEnds, (_, neuron) => take(du, neuron, UPPER))
    // what outlives these passes must be allocated before they start
    for (const { slope, gap } of relaxations) makeGradients(slope, gap)
    bound(
      (neuron) => toLower[neuron] !== 0 || toUpper[neuron] !== 0,
      () => new Tape(),
      (neurons, dual, inner) => {
        const gradients = makeGradients(dual.lower, dual.upper)
        const [rowLower, rowUpper] = gradients.map((gradient) => gradient.view()) as [Float32Array, Float32Array]
        neurons.forEach((neuron, row) => {
          if (neuron < 0) return
          rowLower[row] = toLower[neuron]
          rowUpper[row] = toUpper[neuron]
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
  { chunk, stage, interval }: Pick<Unsettled, 'chunk' | 'stage' | 'interval'>,
): number {
  if (chunk.norm === 'linf') return 0
  const options = { prune: false, memory: defaultMemory }
  let rows = 0
  for (let example = 0; example < chunk.count; example++) {
    rows += tighten(network, tape, { chunk, example, options, stage, interval, relaxations: [] })
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
  { error }: CarriedRows,
  { neurons }: Specification,
  { magnitude, factor, columns, example }: StartRounding,
  label = -1,
): void {
  const [errors, magnitudes] = [error.view(), magnitude.view()]
  const of = (neuron: number) => (neuron < 0 ? 0 : magnitudes[neuron * columns + example])
  neurons.forEach((neuron, row) => {
    errors[row] += factor * (of(neuron) + of(label)) + underflow
  })
}

interface StartRounding {
  readonly magnitude: Tensor
  readonly factor: number
  readonly columns: number
  readonly example: number
}
