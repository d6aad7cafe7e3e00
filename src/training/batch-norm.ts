/**
 * Batch normalisation while training (Ioffe & Szegedy 2015), which keeps neurons alive that interval training would turn
 * off (Shi et al. 2021). Each channel of a hidden stage, z = Σ W·x without biases, becomes (z − μ)/σ + b, μ and σ being
 * its mean and deviation over clean images; no scale is learnt, since ReLUs hand positive factors on to the next stage.
 * Where a sum also adds what is not normalised, every layer of it that is has moments of its own, and b comes to the sum.
 *
 * It is done to the weights: those that a method sees are folded, W/σ and b − μ/σ, so that every method works on an
 * ordinary network, and so does everyone who gets the trained one. In a step μ and σ are those of the chunk's own images, and
 * the gradient goes through them; after an epoch they are those of many images, with the weights as they are then.
 */
import type { Chunk } from '../bounds/chunk.ts'
import { productsOf } from '../device/forward.ts'
import type { LoadedNetwork, Stage } from '../device/loaded-network.ts'
import { Tape, type Tensor } from '../device/tape.ts'
import { type Moments, type NormalisedChunk, type NormalisedTerms, fold, foldAdjoint, stageNorms } from './moments.ts'
import { normalisable } from './unfold.ts'

/** Clean images on a network's device, as `loadChunk` makes them with ε = 0. */
export type Images = Pick<Chunk, 'columns' | 'count' | 'ball'>

/** Images on their way through a network, stage by stage. */
interface Pass {
  readonly network: LoadedNetwork
  readonly images: Images
  /** What has come out of the stages so far. */
  readonly outputs: Tensor[]
}

/** Added to a variance, as PyTorch does. */
const TINY = 1e-5

/**
 * Folds the moments of a chunk's images into the weights that a network has on its device.
 * @param parameters the weights that are trained, laid out as `parameterLayout` says
 * @param images must stay in memory until the gradient has been through what is returned
 * @param room for as many numbers, which are this function's own until then
 * @returns what turns the gradient by the folded weights, which it is given, into the one by `parameters`, in place
 */
export function foldChunk(
  network: LoadedNetwork,
  parameters: Float32Array,
  images: Images,
  room: Float32Array = new Float32Array(parameters.length),
): (gradient: Float32Array) => void {
  const tape = new Tape()
  const pass: Pass = { network, images, outputs: [] }
  const folded = room
  folded.set(parameters)
  network.setParameters(parameters)
  const normalised = stageNorms(network).flatMap(({ groups, others }, s): NormalisedChunk[] => {
    const stage = network.stages[s]
    // in a sum of everything else the biases are added, too
    const isWhole = others.length === 0 && groups.length === 1
    const parts = groups.map((group) => normaliseChunk(pass, tape, stage, { group, parameters, withBias: isWhole }))
    const values = parts.map(({ value }) => value)
    const z = isWhole ? values[0]! : sumOf(pass, tape, stage, { values, others })
    pass.outputs.push(stage.relu ? network.device.layers.relu(tape, z) : z)
    for (const part of parts) fold(folded, part)
    return parts
  })
  network.setParameters(folded)
  return (gradient) => {
    for (const part of normalised) foldAdjoint(gradient, folded, part)
    network.setParameters(parameters)
    network.clearGradient()
    tape.backward()
    const throughMoments = room
    network.readGradient(throughMoments)
    for (let i = 0; i < gradient.length; i++) gradient[i] += throughMoments[i]
    for (const { tensors, toBias } of normalised) {
      for (const { bias } of tensors) toBias?.forEach((value, c) => (gradient[bias.offset + c] += value))
    }
  }
}

/**
 * Folds the moments of many images: what the trained network is.
 * @param parameters the weights that are trained
 * @param chunks how many chunks of images there are
 * @param load puts one on the network's device; it is released again
 */
export function foldImages(
  network: LoadedNetwork,
  parameters: Float32Array,
  chunks: number,
  load: (chunk: number) => Images,
): Float32Array {
  const { device, stages } = network
  const folded = Float32Array.from(parameters)
  stageNorms(network).forEach(({ groups }, s) => {
    if (groups.length === 0) return
    network.setParameters(folded)
    const sums = groups.map(() => new ChannelSums(stages[s]))
    for (let chunk = 0; chunk < chunks; chunk++) {
      const mark = device.mark()
      const pass: Pass = { network, images: load(chunk), outputs: [] }
      for (const stage of stages.slice(0, s)) pass.outputs.push(output(pass, stage))
      groups.forEach(({ terms }, g) => sums[g].add(pass, products(pass, stages[s], terms)))
      device.release(mark)
    }
    groups.forEach(({ tensors }, g) => fold(folded, { tensors, ...sums[g].moments() }))
  })
  return folded
}

/**
 * Weights to train with batch normalisation from where a network is: `foldImages` makes of them, with the same images, what
 * the network computes. Each channel's deviation σ, which normalising takes off it, goes into the weights after it.
 * @param parameters the network's own
 * @param chunks how many chunks of images there are
 * @param load puts one on the network's device; it is released again
 */
export function unfoldImages(
  network: LoadedNetwork,
  parameters: Float32Array,
  chunks: number,
  load: (chunk: number) => Images,
): Float32Array {
  const { device, stages } = network
  const hidden = stages.slice(0, -1)
  network.setParameters(parameters)
  const norms = stageNorms(network)
  const sums = hidden.map((stage, s) => norms[s].groups.map(() => new ChannelSums(stage)))
  for (let chunk = 0; chunk < chunks; chunk++) {
    const mark = device.mark()
    const pass: Pass = { network, images: load(chunk), outputs: [] }
    hidden.forEach((stage, s) => {
      norms[s].groups.forEach(({ terms }, g) => sums[s][g].add(pass, products(pass, stage, terms)))
      pass.outputs.push(output(pass, stage))
    })
    device.release(mark)
  }
  return normalisable(
    network,
    parameters,
    sums.map((groups) => groups.map((of) => of.moments())),
  )
}

/** Σ W·x over some terms of a stage, without biases. */
function products(pass: Pass, stage: Stage, terms: readonly number[], tape?: Tape): Tensor {
  return pass.network.device.layers.affine(tape, productsOfTerms(pass, stage, terms), pass.images.columns)
}

const productsOfTerms = ({ images, outputs }: Pass, stage: Stage, terms: readonly number[]) => {
  const all = productsOf(stage, images.ball.centre, outputs, { input: false, weights: true })
  return terms.map((i) => all[i])
}

/** Values of a stage that are there, other terms and biases, summed; zeros in the padding. */
function sumOf(
  pass: Pass,
  tape: Tape,
  stage: Stage,
  { values, others }: { readonly values: readonly Tensor[]; readonly others: readonly number[] },
): Tensor {
  const { network, images } = pass
  const { device } = network
  const { outputShape } = stage
  const { channels } = outputShape
  const ones = device.tensorFrom(new Float32Array(channels).fill(1))
  const geometry = device.geometry(outputShape, outputShape, { kernel: 1, stride: 1, padding: 0, groups: channels })
  const summands = values.map((input) => ({ geometry, weight: ones, input, toInput: true, toWeight: false }))
  const all = [...productsOfTerms(pass, stage, others), ...summands]
  const z = device.layers.affine(tape, all, images.columns, stage.bias)
  device.channels.clearPadding(z, images.columns, images.count)
  // what comes back to it has zeros there already
  return z
}

/** What comes out of a stage, with its biases. */
function output({ network: { device }, images, outputs }: Pass, stage: Stage): Tensor {
  const { ball, columns, count } = images
  const inputs = productsOf(stage, ball.centre, outputs, { input: false, weights: false })
  const z = device.layers.affine(undefined, inputs, columns, stage.bias)
  device.channels.clearPadding(z, columns, count)
  return stage.relu ? device.layers.relu(undefined, z) : z
}

/** Sums of a stage's values per channel, over images and places. Padding adds nothing: its values are zeros. */
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

  add({ network, images }: Pass, z: Tensor): void {
    const { sums, products } = network.device.channels.sums(this.channels, z, z)
    for (let c = 0; c < this.channels; c++) {
      this.#sums[c] += sums[c]
      this.#squares[c] += products[c]
    }
    this.#count += images.count * this.#places
  }

  moments(): Moments {
    const mean = this.#sums.map((sum) => sum / this.#count)
    const variance = this.#squares.map((sum, c) => Math.max(0, sum / this.#count - mean[c] ** 2))
    return { mean, deviation: variance.map((v) => Math.sqrt(v + TINY)) }
  }
}

/** Normalised terms on a chunk, with the biases of their layers or without. */
interface Normalising {
  readonly group: NormalisedTerms
  readonly parameters: Float32Array
  readonly withBias: boolean
}

/** (z − μ)/σ + b of a chunk, zeros in the padding; its adjoint also carries back what has come to μ and σ. */
function normaliseChunk(
  pass: Pass,
  tape: Tape,
  stage: Stage,
  { group: { terms, tensors }, parameters, withBias }: Normalising,
): NormalisedChunk & { readonly value: Tensor } {
  const { images, network } = pass
  const { device } = network
  const z = products(pass, stage, terms, tape)
  const sums = new ChannelSums(stage)
  sums.add(pass, z)
  const { mean, deviation } = sums.moments()
  const [toMean, toDeviation, toBias] = [0, 1, 2].map(() => new Float64Array(sums.channels)) as Three
  const shifts = Array.from(mean, (_, c) =>
    withBias ? tensors.reduce((sum, { bias }) => sum + parameters[bias.offset + c], 0) : 0,
  )
  const y = device.tensor(z.length)
  const n = (z.length / images.columns / mean.length) * images.count
  const channels = Array.from(mean, (mu, c) => ({ mu, sigma: deviation[c], c }))
  device.channels.scale(
    z,
    y,
    channels.map(({ mu, sigma, c }) => [1 / sigma, shifts[c] - mu / sigma]),
  )
  device.channels.clearPadding(y, images.columns, images.count)
  tape.record(() => {
    const { sums, products } = device.channels.sums(mean.length, y.gradient, z)
    device.channels.scaleAdjoint(
      z,
      y,
      channels.map(({ mu, sigma, c }) => {
        const [sum, product] = [sums[c], (products[c] - mu * sums[c]) / sigma]
        toBias[c] += sum
        const slope = (toDeviation[c] - product / sigma) / n / sigma
        return [1 / sigma, slope, (toMean[c] - sum / sigma) / n - slope * mu]
      }),
    )
    device.channels.clearPadding(z.gradient, images.columns, images.count)
  })
  return { tensors, mean, deviation, toMean, toDeviation, ...(withBias && { toBias }), value: y }
}

type Three = [Float64Array, Float64Array, Float64Array]
