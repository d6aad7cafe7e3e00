/**
 * Batch normalisation while training (Ioffe & Szegedy 2015), which keeps neurons alive that interval training would turn
 * off (Shi et al. 2021). Each channel of a hidden stage, z = Σ W·x without biases, becomes (z − μ)/σ + b, μ and σ being
 * its mean and deviation over clean images; no scale is learnt, since ReLUs hand positive factors on to the next stage.
 *
 * It is done to the weights: those that a method sees are folded, W/σ and b − μ/σ, so that every method works on an
 * ordinary network, and so does whoever gets the trained one. In a step μ and σ are those of the chunk's own images, and
 * the gradient goes through them; behind an epoch they are those of many images, with the weights as they are then.
 */
import type { Chunk } from '../bounds/chunk.ts'
import { affine } from '../engine/affine.ts'
import { relu } from '../engine/elementwise.ts'
import { Tape, Tensor } from '../engine/tape.ts'
import type { LoadedNetwork, Stage } from '../networks/load.ts'
import { type ParameterTensor, parameterLayout } from '../networks/network.ts'
import { planStages } from '../networks/stages.ts'

/** Clean images in a network's engine, as `loadChunk` makes them with ε = 0. */
export type Images = Pick<Chunk, 'columns' | 'count' | 'ball'>

/** Weights and bias of a term of a stage. */
interface TermTensors {
  readonly weight: ParameterTensor
  readonly bias: ParameterTensor
}

/** A hidden stage on a chunk. */
interface NormalisedStage {
  readonly tensors: readonly TermTensors[]
  readonly mean: Float64Array
  readonly deviation: Float64Array
  /** Gradients by the moments, from the folded weights, and by the bias, from the stages behind. */
  readonly toMean: Float64Array
  readonly toDeviation: Float64Array
  readonly toBias: Float64Array
}

/** Added to a variance, as PyTorch does. */
const TINY = 1e-5

/**
 * Folds the moments of a chunk's images into the weights that a network has in its engine.
 * @param parameters the weights that are trained, laid out as `parameterLayout` says
 * @param images must stay in memory until the gradient is unfolded
 * @returns what turns the gradient by the folded weights, which it is given, into the one by `parameters`, in place
 */
export function foldChunk(
  network: LoadedNetwork,
  parameters: Float32Array,
  images: Images,
): (gradient: Float32Array) => void {
  const tape = new Tape()
  const folded = Float32Array.from(parameters)
  const outputs: Tensor[] = []
  network.setParameters(parameters)
  const stages = hiddenTensors(network).map((tensors, s): NormalisedStage => {
    const stage = network.stages[s]!
    const z = products(network, tape, stage, outputs, images)
    const sums = new ChannelSums(stage)
    sums.add(network, z, images)
    const [toMean, toDeviation, toBias] = [0, 1, 2].map(() => new Float64Array(sums.channels))
    const normalised = { tensors, ...sums.moments(), toMean: toMean!, toDeviation: toDeviation!, toBias: toBias! }
    const y = normalise(network, tape, z, images, normalised, parameters)
    outputs.push(stage.relu ? relu(network.engine, tape, y) : y)
    fold(folded, normalised)
    return normalised
  })
  network.setParameters(folded)
  return (gradient) => {
    for (const stage of stages) unfold(gradient, folded, stage)
    network.setParameters(parameters)
    network.clearGradient()
    tape.backward()
    const throughMoments = new Float32Array(gradient.length)
    network.readGradient(throughMoments)
    for (let i = 0; i < gradient.length; i++) gradient[i]! += throughMoments[i]!
    for (const { tensors, toBias } of stages) {
      for (const { bias } of tensors) toBias.forEach((value, c) => (gradient[bias.offset + c]! += value))
    }
  }
}

/**
 * Folds the moments of many images: what the trained network is.
 * @param parameters the weights that are trained
 * @param chunks how many chunks of images there are
 * @param load puts one into the network's engine; it is released again
 */
export function foldImages(
  network: LoadedNetwork,
  parameters: Float32Array,
  chunks: number,
  load: (chunk: number) => Images,
): Float32Array {
  const { engine, stages } = network
  const folded = Float32Array.from(parameters)
  hiddenTensors(network).forEach((tensors, s) => {
    network.setParameters(folded)
    const sums = new ChannelSums(stages[s]!)
    for (let chunk = 0; chunk < chunks; chunk++) {
      const mark = engine.mark()
      const images = load(chunk)
      const outputs: Tensor[] = []
      for (const stage of stages.slice(0, s)) {
        const z = products(network, undefined, stage, outputs, images, true)
        outputs.push(stage.relu ? relu(engine, undefined, z) : z)
      }
      sums.add(network, products(network, undefined, stages[s]!, outputs, images), images)
      engine.release(mark)
    }
    fold(folded, { tensors, ...sums.moments() })
  })
  return folded
}

/** The parameters of each hidden stage. */
function hiddenTensors({ architecture }: LoadedNetwork): TermTensors[][] {
  const tensors = parameterLayout(architecture)
  const ofLayer = (index: number) => tensors.filter(({ layer }) => layer === index)
  const { stages } = planStages(architecture)
  return stages
    .slice(0, -1)
    .map(({ terms }) => terms.map(({ layer }) => ({ weight: ofLayer(layer)[0]!, bias: ofLayer(layer)[1]! })))
}

/** Σ W·x of a stage, with its biases or without. */
function products(
  { engine }: LoadedNetwork,
  tape: Tape | undefined,
  { terms, bias }: Stage,
  outputs: readonly Tensor[],
  { ball, columns }: Images,
  withBias = false,
): Tensor {
  const inputs = terms.map(({ source }) => (source < 0 ? ball.centre : outputs[source]!))
  const shift = withBias ? { values: bias, gradient: 0 } : undefined
  const wanted = (i: number) => ({ input: terms[i]!.source >= 0, weights: true })
  return affine(engine, tape, terms, inputs, columns, 'signed', shift, wanted)
}

/** Sums of a stage's values per channel, over images and places. */
class ChannelSums {
  readonly channels: number
  readonly #sums: Float64Array
  readonly #squares: Float64Array
  readonly #places: number
  #count = 0

  constructor({ outputShape: { channels, height, width } }: Stage) {
    this.channels = channels
    this.#sums = new Float64Array(channels)
    this.#squares = new Float64Array(channels)
    this.#places = height * width
  }

  add({ engine }: LoadedNetwork, z: Tensor, { columns, count }: Images): void {
    const { f32 } = engine
    const width = this.#places * columns
    for (let c = 0; c < this.channels; c++) {
      let [sum, square] = [0, 0]
      const start = (z.pointer >> 2) + c * width
      for (let row = start; row < start + width; row += columns) {
        for (let i = row; i < row + count; i++) {
          const value = f32[i]!
          sum += value
          square += value * value
        }
      }
      this.#sums[c]! += sum
      this.#squares[c]! += square
    }
    this.#count += count * this.#places
  }

  moments(): { readonly mean: Float64Array; readonly deviation: Float64Array } {
    const mean = this.#sums.map((sum) => sum / this.#count)
    const variance = this.#squares.map((sum, c) => Math.max(0, sum / this.#count - mean[c]! ** 2))
    return { mean, deviation: variance.map((v) => Math.sqrt(v + TINY)) }
  }
}

/** (z − μ)/σ + b of a chunk; its adjoint also carries back what has come to μ and σ. */
function normalise(
  { engine }: LoadedNetwork,
  tape: Tape,
  z: Tensor,
  { columns, count }: Images,
  { tensors, mean, deviation, toMean, toDeviation, toBias }: NormalisedStage,
  parameters: Float32Array,
): Tensor {
  const y = Tensor.zeros(engine, z.length)
  const width = z.length / mean.length
  const n = (width / columns) * count
  /** Runs over the images' values of a channel, by their index in z. */
  const eachOf = (c: number, of: (i: number) => void) => {
    for (let row = c * width; row < (c + 1) * width; row += columns) {
      for (let i = row; i < row + count; i++) of(i)
    }
  }
  const [from, to] = [z.pointer >> 2, y.pointer >> 2]
  for (let c = 0; c < mean.length; c++) {
    const [mu, sigma] = [mean[c]!, deviation[c]!]
    const shift = tensors.reduce((sum, { bias }) => sum + parameters[bias.offset + c]!, 0)
    const { f32 } = engine
    eachOf(c, (i) => (f32[to + i] = (f32[from + i]! - mu) / sigma + shift))
  }
  tape.record(() => {
    const [dz, dy] = [z.gradient(engine) >> 2, y.gradient(engine) >> 2]
    const { f32 } = engine
    for (let c = 0; c < mean.length; c++) {
      const [mu, sigma] = [mean[c]!, deviation[c]!]
      let [sum, product] = [0, 0]
      eachOf(c, (i) => {
        sum += f32[dy + i]!
        product += (f32[dy + i]! * (f32[from + i]! - mu)) / sigma
      })
      toBias[c]! += sum
      const constant = (toMean[c]! - sum / sigma) / n
      const slope = (toDeviation[c]! - product / sigma) / n
      eachOf(c, (i) => (f32[dz + i]! += f32[dy + i]! / sigma + constant + (slope * (f32[from + i]! - mu)) / sigma))
    }
  })
  return y
}

/** Divides a stage's weights by σ, and takes μ/σ off its first bias. */
function fold(
  parameters: Float32Array,
  { tensors, mean, deviation }: Pick<NormalisedStage, 'tensors' | 'mean' | 'deviation'>,
): void {
  for (const { weight } of tensors) {
    const each = weight.length / mean.length
    for (let i = 0; i < weight.length; i++) parameters[weight.offset + i]! /= deviation[Math.floor(i / each)]!
  }
  const { offset } = tensors[0]!.bias
  mean.forEach((mu, c) => (parameters[offset + c]! -= mu / deviation[c]!))
}

/** The adjoint of `fold`: the gradient by a stage's own weights in place of the folded ones, and those by the moments. */
function unfold(
  gradient: Float32Array,
  folded: Float32Array,
  { tensors, mean, deviation, toMean, toDeviation }: NormalisedStage,
): void {
  const { offset } = tensors[0]!.bias
  mean.forEach((mu, c) => {
    const [sigma, toShift] = [deviation[c]!, gradient[offset + c]!]
    toMean[c] = -toShift / sigma
    toDeviation[c] = (toShift * mu) / sigma ** 2
  })
  for (const { weight } of tensors) {
    const each = weight.length / mean.length
    for (let i = 0; i < weight.length; i++) {
      const [c, at] = [Math.floor(i / each), weight.offset + i]
      toDeviation[c]! -= (gradient[at]! * folded[at]!) / deviation[c]!
      gradient[at]! /= deviation[c]!
    }
  }
}
