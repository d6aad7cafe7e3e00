/**
 * Bounds estimated by random projections (Li et al. 2019, Section 5.5; Wong et al. 2018, Section 3.2).
 * Problem: bounds of a network's neurons over a ball, at a cost that grows with the neurons, not with their square.
 * Sound: no. Estimates are for training only; no certificate can be made of them (`Proved` in dual.ts).
 *
 * The relaxed network is affine in the image and in one error per unstable neuron, so a neuron's bounds are
 * centre ± Σ|coefficients|. Instead of a row per neuron backwards, k columns go forwards (`Columns` of device/device.ts) in
 * which every error is a random number. If these are standard Cauchy, Σ error · c is ‖c‖₁ times a standard Cauchy
 * (1-stability), and the median of its magnitudes over the columns estimates ‖c‖₁. One set of columns holds the image's errors and all
 * ReLUs' together, where Wong et al. carry a set for each. Over an ℓ2 ball the image's errors are standard normal and
 * have a set of their own: the root of the mean square of its columns estimates ‖c‖₂. There is no such set for ℓ1.
 */
import type { Random } from '../base/random.ts'
import type { ErrorColumns, NeuronList } from '../device/device.ts'
import type { LoadedNetwork, Stage } from '../device/loaded-network.ts'
import { type Tape, type Tensor, makeGradients } from '../device/tape.ts'
import { sizeOf } from '../model/layers.ts'
import type { Norm } from '../region/norm.ts'
import type { Chunk } from './chunk.ts'
import type { StageInterval } from './interval-step.ts'
import type { Relaxation } from './relaxation.ts'
import { columnWork } from './work.ts'

/** Which ends of a neuron's bounds are estimates. */
const LOWER = 1
const UPPER = 2

/** Random numbers of one example's columns, which are 1 to k. */
export interface Errors {
  /** Of an input: standard Cauchy, or standard normal over an ℓ2 ball. */
  readonly image: (input: number, column: number) => number
  /** Of a stage's ReLU: standard Cauchy. */
  readonly relu: (stage: number, neuron: number, column: number) => number
}

/** Numbers drawn in the order in which they are asked for. */
export const drawnErrors = (random: Random, norm: Norm): Errors => ({
  image: () => (norm === 'l2' ? random.normal() : random.cauchy()),
  relu: () => random.cauchy(),
})

/** The columns of one example. */
interface Draw {
  readonly example: number
  /** k: how many columns. */
  readonly dimension: number
  readonly errors: Errors
  /** Of the example's stages so far; grows as stages are done. */
  readonly relaxations: readonly Relaxation[]
}

/** One example's columns through a network, stage by stage. */
export class Projection {
  readonly #network: LoadedNetwork
  readonly #tape: Tape | undefined
  readonly #chunk: Chunk
  readonly #example: number
  readonly #dimension: number
  readonly #width: number
  /** First columns of the image's errors and of the ReLUs'. */
  readonly #imageFirst = 1
  readonly #reluFirst: number
  readonly #errors: Errors
  readonly #relaxations: readonly Relaxation[]
  #image: Tensor | undefined
  /** By stage: its columns, before its ReLU or, in the same place, behind it. */
  readonly #columns: (Tensor | undefined)[] = []
  readonly #isBehind: boolean[] = []

  /**
   * @param chunk of ℓ∞ or ℓ2 balls
   * @throws RangeError for ℓ1 balls
   */
  constructor(
    network: LoadedNetwork,
    tape: Tape | undefined,
    chunk: Chunk,
    { example, dimension, errors, relaxations }: Draw,
  ) {
    this.#network = network
    this.#tape = tape
    this.#chunk = chunk
    this.#example = example
    this.#dimension = dimension
    if (chunk.norm === 'l1') throw new RangeError('there are no projections for ℓ1 balls')
    this.#reluFirst = chunk.norm === 'l2' ? 1 + dimension : 1
    this.#width = (this.#reluFirst + dimension + 3) & ~3
    this.#errors = errors
    this.#relaxations = relaxations
  }

  #start(): Tensor {
    const { ball, columns } = this.#chunk
    const [centres, radii] = [ball.centre.view(), ball.radius.view()]
    const inputs = centres.length / columns
    const image = new Float32Array(inputs * this.#width)
    for (let j = 0; j < inputs; j++) {
      const from = j * columns + this.#example
      const to = j * this.#width
      image[to] = centres[from]
      for (let c = 0; c < this.#dimension; c++) {
        image[to + this.#imageFirst + c] = radii[from] * this.#errors.image(j, c + 1)
      }
    }
    return this.#network.device.tensorFrom(image)
  }

  /** Columns of a stage before its ReLU. @param targets the neurons that are wanted */
  #before(i: number, targets: NeuronList): Tensor {
    const { terms, bias } = this.#network.stages[i]
    const products = terms.map(({ source, geometry, weight }) => ({
      geometry,
      weight,
      input: source < 0 ? (this.#image ??= this.#start()) : this.#behind(source),
      active: source < 0 ? geometry.allInputs : this.#relaxations[source].asInputs,
      toInput: source >= 0,
    }))
    const columns = this.#network.device.columns.affine(this.#tape, products, bias, { targets, width: this.#width })
    this.#columns[i] = columns
    return columns
  }

  #behind(i: number): Tensor {
    const relaxation = this.#relaxations[i]
    const columns = this.#columns[i] ?? this.#before(i, relaxation.asOutputs)
    if (!this.#isBehind[i]) {
      const errorOf = (neuron: number, column: number) => this.#errors.relu(i, neuron, column)
      this.#network.device.columns.relu(this.#tape, columns, relaxation, { ...this.#errorColumns, errorOf })
      this.#isBehind[i] = true
    }
    return columns
  }

  get #errorColumns(): ErrorColumns {
    return { width: this.#width, first: this.#reluFirst, count: this.#dimension }
  }

  /** Products that columns of a stage take, with those of earlier stages that have none yet. */
  work(i: number): number {
    const stage = this.#network.stages[i]
    const below = stage.terms.map(({ source }) => (source < 0 || this.#columns[source] ? 0 : this.work(source)))
    return below.reduce((a, b) => a + b, this.#width * columnWork(stage))
  }

  /** What normal columns say of a neuron, whose columns start at `row`; 0 where the median speaks for the image, too. */
  #imageNorm(columns: Float32Array, row: number): number {
    if (this.#reluFirst === this.#imageFirst) return 0
    let squares = 0
    for (let c = 0; c < this.#dimension; c++) squares += columns[row + this.#imageFirst + c] ** 2
    return Math.sqrt(squares / this.#dimension)
  }

  /**
   * Intersects the bounds of a stage's open neurons with estimates.
   * @param open neurons that an interval step has left unstable
   */
  tighten(i: number, { lower, upper }: StageInterval, open: readonly number[]): void {
    const width = this.#width
    const at = (neuron: number) => neuron * this.#chunk.columns + this.#example
    const columns = this.#before(i, this.#senders(this.#network.stages[i], { lower, upper }))
    const { medians, places } = this.#network.device.columns.medians(columns, open, this.#errorColumns)
    const [values, lowest, highest] = [columns, lower, upper].map((tensor) => tensor.view()) as Three
    const imageNorms = Float32Array.from(open, (neuron) => this.#imageNorm(values, neuron * width))
    const ends = Uint8Array.from(open, (neuron, n) => {
      const centre = values[neuron * width]
      const spread = medians[n] + imageNorms[n]
      const place = at(neuron)
      const [low, high] = [Math.max(lowest[place], centre - spread), Math.min(highest[place], centre + spread)]
      // an estimate beside the interval is no help
      if (!(low <= high)) return 0
      const changed = (low > lowest[place] ? LOWER : 0) | (high < highest[place] ? UPPER : 0)
      lowest[place] = low
      highest[place] = high
      return changed
    })
    this.#tape?.record(() => {
      const gradients = makeGradients(columns, lower, upper)
      const [gradient, dl, du] = gradients.map((tensor) => tensor.view()) as Three
      const values = columns.view()
      open.forEach((neuron, n) => {
        const take = (gradient: Float32Array, end: number) => {
          if (!(ends[n] & end)) return 0
          const value = gradient[at(neuron)]
          gradient[at(neuron)] = 0
          return value
        }
        const [toLower, toUpper] = [take(dl, LOWER), take(du, UPPER)]
        const row = neuron * width
        gradient[row] += toLower + toUpper
        // the two columns in the middle share the median's gradient
        for (const place of places.subarray(2 * n, 2 * n + 2)) {
          gradient[row + Math.abs(place)] += (Math.sign(place) * (toUpper - toLower)) / 2
        }
        if (imageNorms[n] > 0) {
          const first = row + this.#imageFirst
          const factor = (toUpper - toLower) / (this.#dimension * imageNorms[n])
          for (let c = 0; c < this.#dimension; c++) gradient[first + c] += factor * values[first + c]
        }
      })
    })
  }

  /** The neurons of a stage that may pass something on. */
  #senders({ outputShape, relu, terms }: Stage, { lower, upper }: StageInterval): NeuronList {
    if (!relu) return terms[0].geometry.allOutputs
    const { device } = this.#network
    const [lowest, highest] = [lower.view(), upper.view()]
    const flags = new Float32Array(sizeOf(outputShape))
    // as the relaxation has it: a neuron that is always 0 passes with slope 1
    for (let j = 0, at = this.#example; j < flags.length; j++, at += this.#chunk.columns) {
      flags[j] = highest[at] > 0 || lowest[at] >= 0 ? 1 : 0
    }
    return device.activeNeurons(outputShape, device.tensorFrom(flags))
  }
}

type Three = [Float32Array, Float32Array, Float32Array]
