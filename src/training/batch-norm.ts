/**
 * Batch normalisation while training (Ioffe & Szegedy 2015), which keeps neurons alive that interval training would turn
 * off (Shi et al. 2021). Each channel of a hidden stage, z = Σ W·x without biases, becomes (z − μ)/σ + b, μ and σ being
 * its mean and deviation over clean images; no scale is learnt, since ReLUs hand positive factors on to the next stage.
 *
 * It is done to the weights: those that a method sees are folded, W/σ and b − μ/σ, so that every method works on an
 * ordinary network, and so does everyone who gets the trained one. In a step μ and σ are those of the chunk's own images, and
 * the gradient goes through them; after an epoch they are those of many images, with the weights as they are then.
 */
import type { Chunk } from '../bounds/chunk.ts'
import { productsOf } from '../device/forward.ts'
import { Tape, type Tensor } from '../device/tape.ts'
import type { LoadedNetwork, Stage } from '../device/loaded-network.ts'
import { type Moments, type NormalisedStage, fold, foldAdjoint, normalisable, stageTensors } from './moments.ts'

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
  const stages = stageTensors(network)
    .slice(0, -1)
    .map((tensors, s): NormalisedStage => {
      const stage = network.stages[s]
      const z = products(pass, stage, tape)
      const sums = new ChannelSums(stage)
      sums.add(pass, z)
      const [toMean, toDeviation, toBias] = [0, 1, 2].map(() => new Float64Array(sums.channels))
      const normalised = { tensors, ...sums.moments(), toMean: toMean!, toDeviation: toDeviation!, toBias: toBias! }
      const shifts = shiftsOf(normalised, parameters)
      const y = normalise(pass, tape, z, { ...normalised, shifts })
      pass.outputs.push(stage.relu ? network.device.layers.relu(tape, y) : y)
      fold(folded, normalised)
      return normalised
    })
  network.setParameters(folded)
  return (gradient) => {
    for (const stage of stages) foldAdjoint(gradient, folded, stage)
    network.setParameters(parameters)
    network.clearGradient()
    tape.backward()
    const throughMoments = room
    network.readGradient(throughMoments)
    for (let i = 0; i < gradient.length; i++) gradient[i] += throughMoments[i]
    for (const { tensors, toBias } of stages) {
      for (const { bias } of tensors) toBias.forEach((value, c) => (gradient[bias.offset + c] += value))
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
  stageTensors(network)
    .slice(0, -1)
    .forEach((tensors, s) => {
      network.setParameters(folded)
      const sums = new ChannelSums(stages[s])
      for (let chunk = 0; chunk < chunks; chunk++) {
        const mark = device.mark()
        const pass: Pass = { network, images: load(chunk), outputs: [] }
        for (const stage of stages.slice(0, s)) pass.outputs.push(output(pass, stage))
        sums.add(pass, products(pass, stages[s]))
        device.release(mark)
      }
      fold(folded, { tensors, ...sums.moments() })
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
  const sums = hidden.map((stage) => new ChannelSums(stage))
  for (let chunk = 0; chunk < chunks; chunk++) {
    const mark = device.mark()
    const pass: Pass = { network, images: load(chunk), outputs: [] }
    hidden.forEach((stage, s) => {
      sums[s].add(pass, products(pass, stage))
      pass.outputs.push(output(pass, stage))
    })
    device.release(mark)
  }
  return normalisable(
    network,
    parameters,
    sums.map((of) => of.moments()),
  )
}

/** Σ W·x of a stage, without its biases. */
function products({ network, images, outputs }: Pass, stage: Stage, tape?: Tape): Tensor {
  const inputs = productsOf(stage, images.ball.centre, outputs, { input: false, weights: true })
  return network.device.layers.affine(tape, inputs, images.columns)
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

/** The bias of each channel: that of all its terms. */
const shiftsOf = ({ tensors, mean }: NormalisedStage, parameters: Float32Array): number[] =>
  Array.from(mean, (_, c) => tensors.reduce((sum, { bias }) => sum + parameters[bias.offset + c], 0))

/** (z − μ)/σ + b of a chunk, zeros in the padding; its adjoint also carries back what has come to μ and σ. */
function normalise(
  { network: { device }, images }: Pass,
  tape: Tape,
  z: Tensor,
  { mean, deviation, toMean, toDeviation, toBias, shifts }: NormalisedStage & { readonly shifts: readonly number[] },
): Tensor {
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
  return y
}
