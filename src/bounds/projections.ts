/**
 * Bounds estimated by random projections (Li et al. 2019, Section 5.5; Wong et al. 2018, Section 3.2).
 * Problem: bounds of a network's neurons over a ball, at a cost that grows with the neurons, not with their square.
 * Sound: no. Estimates are for training only; no certificate can be made of them (`Proved` in dual.ts).
 *
 * The relaxed network is affine in the image and in one error per unstable neuron, so a neuron's bounds are
 * centre ± Σ|coefficients|. Instead of a row per neuron backwards, k columns go forwards (columns.ts) in which every
 * error is a random number. If these are standard Cauchy, Σ error · c is ‖c‖₁ times a standard Cauchy (1-stability), and
 * the median of its magnitudes over the columns estimates ‖c‖₁. One set of columns holds the image's errors and all
 * ReLUs' together, where Wong et al. carry a set for each. Over an ℓ2 ball the image's errors are standard normal and
 * have a set of their own: the root of the mean square of its columns estimates ‖c‖₂. There is no such set for ℓ1.
 */
import type { Engine } from '../device/wasm/engine.ts'
import { type NeuronList, activeNeurons } from '../device/wasm/layout.ts'
import type { Random } from '../base/random.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import type { LoadedNetwork, Stage } from '../device/loaded-network.ts'
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
  /** First columns of the image's errors and of the ReLUs'. */
  readonly #imageFirst = 1
  readonly #reluFirst: number
  readonly #random: Random
  readonly #relaxations: readonly Relaxation[]
  #image: Tensor | undefined
  /** By stage: its columns, before its ReLU or, in the same place, behind it. */
  readonly #columns: (Tensor | undefined)[] = []
  readonly #isBehind: boolean[] = []

  /**
   * @param chunk of ℓ∞ or ℓ2 balls
   * @param dimension k
   * @param relaxations of the example's stages so far; grows as stages are done
   * @throws RangeError for ℓ1 balls
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
    if (chunk.norm === 'l1') throw new RangeError('there are no projections for ℓ1 balls')
    this.#reluFirst = chunk.norm === 'l2' ? 1 + dimension : 1
    this.#width = (this.#reluFirst + dimension + 3) & ~3
    this.#random = random
    this.#relaxations = relaxations
  }

  #start(): Tensor {
    const { ball, columns } = this.#chunk
    const inputs = ball.centre.length / columns
    const image = Tensor.zeros(this.#engine, inputs * this.#width)
    const { f32 } = this.#engine
    const draw = () => (this.#reluFirst > this.#imageFirst ? this.#random.normal() : this.#random.cauchy())
    for (let j = 0; j < inputs; j++) {
      const from = j * columns + this.#example
      const to = (image.pointer >> 2) + j * this.#width
      f32[to] = f32[(ball.centre.pointer >> 2) + from]
      const radius = f32[(ball.radius.pointer >> 2) + from]
      for (let c = 0; c < this.#dimension; c++) f32[to + this.#imageFirst + c] = radius * draw()
    }
    return image
  }

  /** Columns of a stage before its ReLU. @param wanted list of the neurons that are */
  #before(i: number, wanted: NeuronList): Tensor {
    const stage = this.#network.stages[i]
    const inputs = stage.terms.map(({ source, allInputs }): ActiveColumns => {
      if (source < 0) return { value: (this.#image ??= this.#start()), active: allInputs }
      return { value: this.#behind(source), active: this.#relaxations[source].asInputs }
    })
    const columns = affineColumns(this.#engine, this.#tape, stage, inputs, wanted, this.#width)
    this.#columns[i] = columns
    return columns
  }

  #behind(i: number): Tensor {
    const relaxation = this.#relaxations[i]
    const columns = this.#columns[i] ?? this.#before(i, relaxation.asOutputs)
    if (!this.#isBehind[i]) {
      const errors = { first: this.#reluFirst, count: this.#dimension }
      reluColumns(this.#engine, this.#tape, columns, relaxation, this.#width, errors, () => this.#random.cauchy())
      this.#isBehind[i] = true
    }
    return columns
  }

  /** Products that columns of a stage take, with those of earlier stages that have none yet. */
  work(i: number): number {
    const stage = this.#network.stages[i]
    const below = stage.terms.map(({ source }) => (source < 0 || this.#columns[source] ? 0 : this.work(source)))
    return below.reduce((a, b) => a + b, this.#width * columnWork(stage))
  }

  /** What normal columns say of a neuron, whose columns start at `row`; 0 where the median speaks for the image, too. */
  #imageNorm(row: number): number {
    if (this.#reluFirst === this.#imageFirst) return 0
    let squares = 0
    for (let c = 0; c < this.#dimension; c++) squares += this.#engine.f32[row + this.#imageFirst + c] ** 2
    return Math.sqrt(squares / this.#dimension)
  }

  /**
   * Intersects the bounds of a stage's open neurons with estimates.
   * @param open neurons that an interval step has left unstable
   */
  tighten(i: number, { lower, upper }: StageInterval, open: readonly number[]): void {
    const engine = this.#engine
    const width = this.#width
    const at = (tensor: Tensor, neuron: number) => (tensor.pointer >> 2) + neuron * this.#chunk.columns + this.#example
    const stage = this.#network.stages[i]
    // as `relaxation` in src/device/wasm/assembly/neurons.ts has it: a neuron that is always 0 passes with slope 1
    const maySend = (j: number) => engine.f32[at(upper, j)] > 0 || engine.f32[at(lower, j)] >= 0
    const columns = this.#before(i, listOf(engine, stage, maySend))
    const medians = engine.floats(open.length)
    const places = engine.integers(2 * open.length)
    engine.kernels.medianMagnitudes(
      open.length,
      engine.integersFrom(open),
      width,
      this.#reluFirst,
      this.#dimension,
      columns.pointer,
      medians,
      places,
      engine.floats(this.#dimension),
    )
    const { f32 } = engine
    const imageNorms = Float32Array.from(open, (neuron) => this.#imageNorm((columns.pointer >> 2) + neuron * width))
    const ends = Uint8Array.from(open, (neuron, n) => {
      const centre = f32[(columns.pointer >> 2) + neuron * width]
      const spread = f32[(medians >> 2) + n] + imageNorms[n]
      const [l, u] = [at(lower, neuron), at(upper, neuron)]
      const [low, high] = [Math.max(f32[l], centre - spread), Math.min(f32[u], centre + spread)]
      // an estimate beside the interval is no help
      if (!(low <= high)) return 0
      const changed = (low > f32[l] ? LOWER : 0) | (high < f32[u] ? UPPER : 0)
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
          if (!(ends[n] & end)) return 0
          const to = gradient + neuron * this.#chunk.columns + this.#example
          const value = f32[to]
          f32[to] = 0
          return value
        }
        const [toLower, toUpper] = [take(dl, LOWER), take(du, UPPER)]
        const row = gradient + neuron * width
        f32[row] += toLower + toUpper
        // the two columns in the middle share the median's gradient
        for (const place of i32.subarray((places >> 2) + 2 * n, (places >> 2) + 2 * n + 2)) {
          f32[row + Math.abs(place)] += (Math.sign(place) * (toUpper - toLower)) / 2
        }
        if (imageNorms[n] > 0) {
          const from = (columns.pointer >> 2) + neuron * width + this.#imageFirst
          const factor = (toUpper - toLower) / (this.#dimension * imageNorms[n])
          for (let c = 0; c < this.#dimension; c++) f32[row + this.#imageFirst + c] += factor * f32[from + c]
        }
      })
    })
  }
}

/** List of the neurons of a stage that may pass something on. */
function listOf(engine: Engine, { outputShape, relu, terms }: Stage, maySend: (neuron: number) => boolean): NeuronList {
  if (!relu) return terms[0].allOutputs
  const { channels, height, width } = outputShape
  const flags = Float32Array.from({ length: channels * height * width }, (_, neuron) => (maySend(neuron) ? 1 : 0))
  return activeNeurons(engine, outputShape, engine.floatsFrom(flags))
}
