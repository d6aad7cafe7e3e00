/**
 * Bounds estimated by random projections (Li et al. 2019, Section 5.5; Wong et al. 2018, Section 3.2).
 * Problem: bounds of a network's neurons over a ball, at a cost that grows with the neurons, not with their square.
 * Sound: no. Estimates are for training only; no certificate can be made of them (`Proved` in dual.ts).
 *
 * The relaxed network is affine in the image and in one error per unstable neuron, so a neuron's bounds are
 * centre ± Σ|coefficients|. Instead of a row per neuron backwards, k columns go forwards (columns.ts) in which every
 * error is a random number. If these are standard Cauchy, Σ error · c is ‖c‖₁ times a standard Cauchy (1-stability), and
 * the median of its magnitudes over the columns estimates ‖c‖₁. One set of columns holds the image's errors and all
 * ReLUs' together, where Wong et al. carry a set for each.
 */
import type { Engine } from '../engine/engine.ts'
import { activeNeurons } from '../engine/layout.ts'
import type { Random } from '../engine/random.ts'
import { type Tape, Tensor } from '../engine/tape.ts'
import type { LoadedNetwork, Stage } from '../networks/load.ts'
import type { Chunk } from './chunk.ts'
import { type ActiveColumns, affineColumns, reluColumns } from './columns.ts'
import type { StageInterval } from './interval.ts'
import type { Relaxation } from './relaxation.ts'
import { columnWork } from './work.ts'

/** Which ends of a neuron's bounds are estimates. */
const LOWER = 1
const UPPER = 2

/** One example's columns through a network, stage by stage. */
export class Projection {
  readonly #network: LoadedNetwork
  readonly #engine: Engine
  readonly #tape: Tape | undefined
  readonly #chunk: Chunk
  readonly #example: number
  readonly #dimension: number
  readonly #width: number
  readonly #random: Random
  readonly #relaxations: readonly Relaxation[]
  #image: Tensor | undefined
  /** By stage: its columns, before its ReLU or, in the same place, behind it. */
  readonly #columns: (Tensor | undefined)[] = []
  readonly #isBehind: boolean[] = []

  /**
   * @param dimension k
   * @param relaxations of the example's stages so far; grows as stages are done
   */
  constructor(
    network: LoadedNetwork,
    tape: Tape | undefined,
    chunk: Chunk,
    example: number,
    dimension: number,
    random: Random,
    relaxations: readonly Relaxation[],
  ) {
    this.#network = network
    this.#engine = network.engine
    this.#tape = tape
    this.#chunk = chunk
    this.#example = example
    this.#dimension = dimension
    this.#width = (1 + dimension + 3) & ~3
    this.#random = random
    this.#relaxations = relaxations
  }

  #start(): Tensor {
    const { ball, columns } = this.#chunk
    const inputs = ball.centre.length / columns
    const image = Tensor.zeros(this.#engine, inputs * this.#width)
    const { f32 } = this.#engine
    for (let j = 0; j < inputs; j++) {
      const from = j * columns + this.#example
      const to = (image.pointer >> 2) + j * this.#width
      f32[to] = f32[(ball.centre.pointer >> 2) + from]!
      const radius = f32[(ball.radius.pointer >> 2) + from]!
      for (let c = 1; c <= this.#dimension; c++) f32[to + c] = radius * this.#random.cauchy()
    }
    return image
  }

  /** Columns of a stage before its ReLU. @param wanted list of the neurons that are */
  #before(i: number, wanted: number): Tensor {
    const stage = this.#network.stages[i]!
    const inputs = stage.terms.map(({ source, allInputs }): ActiveColumns => {
      if (source < 0) return { value: (this.#image ??= this.#start()), active: allInputs }
      return { value: this.#behind(source), active: this.#relaxations[source]!.asInputs }
    })
    const columns = affineColumns(this.#engine, this.#tape, stage, inputs, wanted, this.#width)
    this.#columns[i] = columns
    return columns
  }

  #behind(i: number): Tensor {
    const relaxation = this.#relaxations[i]!
    const columns = this.#columns[i] ?? this.#before(i, relaxation.asOutputs)
    if (!this.#isBehind[i]) {
      const errors = { first: 1, count: this.#dimension }
      reluColumns(this.#engine, this.#tape, columns, relaxation, this.#width, errors, () => this.#random.cauchy())
      this.#isBehind[i] = true
    }
    return columns
  }

  /** Products that columns of a stage take, with those of earlier stages that have none yet. */
  work(i: number): number {
    const stage = this.#network.stages[i]!
    const below = stage.terms.map(({ source }) => (source < 0 || this.#columns[source] ? 0 : this.work(source)))
    return below.reduce((a, b) => a + b, this.#width * columnWork(stage))
  }

  /**
   * Intersects the bounds of a stage's open neurons with estimates.
   * @param open neurons that an interval step has left unstable
   */
  tighten(i: number, { lower, upper }: StageInterval, open: readonly number[]): void {
    const engine = this.#engine
    const width = this.#width
    const at = (tensor: Tensor, neuron: number) => (tensor.pointer >> 2) + neuron * this.#chunk.columns + this.#example
    const stage = this.#network.stages[i]!
    const columns = this.#before(
      i,
      notOff(engine, stage, (neuron) => engine.f32[at(upper, neuron)]! > 0),
    )
    const medians = engine.floats(open.length)
    const places = engine.allocate(open.length * 8)
    engine.kernels.medianMagnitudes(
      ...[open.length, engine.integersFrom(open), width, 1, this.#dimension, columns.pointer],
      ...[medians, places, engine.floats(this.#dimension)],
    )
    const { f32 } = engine
    const ends = Uint8Array.from(open, (neuron, n) => {
      const centre = f32[(columns.pointer >> 2) + neuron * width]!
      const spread = f32[(medians >> 2) + n]!
      const [l, u] = [at(lower, neuron), at(upper, neuron)]
      const [low, high] = [Math.max(f32[l]!, centre - spread), Math.min(f32[u]!, centre + spread)]
      // an estimate beside the interval is no help
      if (!(low <= high)) return 0
      const changed = (low > f32[l]! ? LOWER : 0) | (high < f32[u]! ? UPPER : 0)
      f32[l] = low
      f32[u] = high
      return changed
    })
    this.#tape?.record(() => {
      const gradient = columns.gradient(engine) >> 2
      const [dl, du] = [lower.gradient(engine) >> 2, upper.gradient(engine) >> 2]
      const { f32, i32 } = engine
      open.forEach((neuron, n) => {
        const take = (gradient: number, end: number) => {
          if (!(ends[n]! & end)) return 0
          const to = gradient + neuron * this.#chunk.columns + this.#example
          const value = f32[to]!
          f32[to] = 0
          return value
        }
        const [toLower, toUpper] = [take(dl, LOWER), take(du, UPPER)]
        const row = gradient + neuron * width
        f32[row]! += toLower + toUpper
        // the two columns in the middle share the median's gradient
        for (const place of i32.subarray((places >> 2) + 2 * n, (places >> 2) + 2 * n + 2)) {
          f32[row + Math.abs(place)]! += (Math.sign(place) * (toUpper - toLower)) / 2
        }
      })
    })
  }
}

/** List of the neurons of a stage that may pass something on. */
function notOff(engine: Engine, { outputShape, relu, terms }: Stage, isOpen: (neuron: number) => boolean): number {
  if (!relu) return terms[0]!.allOutputs
  const { channels, height, width } = outputShape
  const flags = Float32Array.from({ length: channels * height * width }, (_, neuron) => (isOpen(neuron) ? 1 : 0))
  return activeNeurons(engine, outputShape, engine.floatsFrom(flags))
}
