/**
 * Small random networks and boxes for tests: linear layers and convolutions of assorted strides and paddings, with
 * the corners that break bounds: zero weights, neurons that are constant, always off or always on, inputs nobody reads.
 */
import fc from 'fast-check'
import { Random } from '../base/random.ts'
import { type Layer, type Shape, formatShape, outputShape, sizeOf } from './layers.ts'
import { type Architecture, type Network, countParameters, parameterLayout, shapesOf } from './network.ts'

export interface RandomNetworkOptions {
  /** By default a vector of at most 8 values or an image of at most 3×8×8. */
  readonly input?: Shape
  /** Number of affine layers with a ReLU behind them; by default 1 to 3. */
  readonly hiddenLayers?: number
  /** Values per hidden layer at most (that many channels of a small image, too); by default 100. */
  readonly maxWidth?: number
  /** By default 2 to 5. */
  readonly classes?: number
  /** False: linear layers only. By default each hidden layer may be a convolution while the value is an image. */
  readonly convolutions?: boolean
  /** Whether to begin with a normalise layer; by default one network in three does. */
  readonly normalise?: boolean
  /** Whether there may be residual blocks, which count as one layer, groups and average pools; by default there are none. */
  readonly everyKind?: boolean
}

/** A network drawn from `random`. */
export function randomNetwork(random: Random, options: RandomNetworkOptions = {}): Network {
  const architecture = randomArchitecture(random, options)
  const parameters = new Float32Array(countParameters(architecture))
  const tensors = parameterLayout(architecture)
  for (let i = 0; i < tensors.length; i += 2) {
    const weight = tensors[i]
    const bias = tensors[i + 1]
    const [outputs, ...rest] = weight.shape
    const fanIn = rest.reduce((a, b) => a * b, 1)
    for (let o = 0; o < outputs; o++) {
      // An output (neuron or channel) may be constant (no weights at all), always off or always on.
      const kind = random.integer(12)
      const shift = kind === 1 ? -20 : kind === 2 ? 20 : 0
      parameters[bias.offset + o] = random.integer(5) === 0 ? shift : shift + 0.3 * random.normal()
      for (let k = 0; k < fanIn; k++) {
        const zero = kind === 0 || random.integer(10) === 0
        parameters[weight.offset + o * fanIn + k] = zero ? 0 : random.normal() * Math.sqrt(2 / fanIn)
      }
    }
  }
  return { architecture, parameters }
}

function randomArchitecture(random: Random, options: RandomNetworkOptions): Architecture {
  const input = options.input ?? randomInput(random)
  const layers: Layer[] = []
  let shape = input
  const add = (layer: Layer) => {
    shape = outputShape(layer, shape)
    layers.push(layer)
  }
  const addLinear = (outFeatures: number) => {
    if (shape.height > 1 || shape.width > 1 || random.integer(4) === 0) add({ kind: 'flatten' })
    add({ kind: 'linear', outFeatures })
  }
  if (options.normalise ?? random.integer(3) === 0) {
    const mean = Array.from({ length: input.channels }, () => random.uniform())
    add({ kind: 'normalise', mean, deviation: mean.map(() => random.between(0.2, 1.5)) })
  }
  const maxWidth = options.maxWidth ?? 100
  const hiddenLayers = options.hiddenLayers ?? 1 + random.integer(3)
  for (let i = 0; i < hiddenLayers; i++) {
    const isImage = shape.height > 1 || shape.width > 1
    if (options.everyKind && isImage && random.integer(4) === 0) {
      add(randomPool(random, shape))
      if (random.integer(2)) add({ kind: 'relu' })
    }
    const block =
      options.everyKind && random.integer(4) > 0 ? residualBlock(random, input, layers, maxWidth) : undefined
    if (block) {
      block.forEach((layer) => layers.push(layer))
      shape = shapesOf({ name: 'so far', input, layers }).at(-1)!
      continue
    }
    const convolution = (options.convolutions ?? true) && isImage && random.integer(4) > 0
    const drawn = convolution ? randomConvolution(random, shape, maxWidth) : undefined
    if (drawn) add(options.everyKind ? inGroups(random, drawn, shape) : drawn)
    else addLinear(1 + random.integer(Math.min(12, maxWidth)))
    add({ kind: 'relu' })
  }
  addLinear(options.classes ?? 2 + random.integer(4))
  return { name: 'random', input, layers }
}

const randomInput = (random: Random): Shape =>
  random.integer(2) === 0
    ? { channels: 1 + random.integer(8), height: 1, width: 1 }
    : { channels: 1 + random.integer(3), height: 1 + random.integer(8), width: 1 + random.integer(8) }

/**
 * One or two convolutions, a ReLU between them, and one or two summands more, then a ReLU: earlier values of the same
 * shape, or convolutions of them that make it. Undefined if the first convolution does not fit.
 */
function residualBlock(random: Random, input: Shape, before: readonly Layer[], maxWidth: number): Layer[] | undefined {
  const architecture = (layers: readonly Layer[]) => ({ name: 'block', input, layers: [...before, ...layers] })
  const shapes = shapesOf(architecture([]))
  // the image or its normalisation, and what ReLUs and pools make, except for what another layer reads flattened
  const first = before[0]?.kind === 'normalise' ? 0 : -1
  const readable = [
    first,
    ...before.flatMap(({ kind }, i) => (kind === 'relu' || kind === 'averagePool' ? [i] : [])),
  ].filter((i) => before[i + 1]?.kind !== 'flatten')
  const layers: Layer[] = []
  const end = () => shapesOf(architecture(layers)).at(-1)!
  for (let left = 1 + random.integer(2); left > 0; left--) {
    const drawn = randomConvolution(random, end(), maxWidth)
    if (!drawn) return undefined
    const layer = inGroups(random, drawn, end())
    layers.push(...(layers.length > 0 ? [relu] : []), layer)
  }
  for (let left = random.integer(3) === 0 ? 2 : 1; left > 0 && readable.length > 0; left--) {
    const from = readable[random.integer(readable.length)]
    const [shape, sum] = [end(), before.length + layers.length - 1]
    if (formatShape(shapes[from + 1]) === formatShape(shape) && random.integer(2)) {
      layers.push({ kind: 'add', other: from })
      continue
    }
    const fitting = convolutions(shape.channels).filter(
      (layer) =>
        fits(layer, shapes[from + 1]) && formatShape(outputShape(layer, shapes[from + 1])) === formatShape(shape),
    )
    if (fitting.length > 0) {
      layers.push({ ...fitting[random.integer(fitting.length)], from }, { kind: 'add', other: sum })
    }
  }
  return [...layers, relu]
}

const relu: Layer = { kind: 'relu' }

/** Everything that `randomConvolution` may draw, for this number of channels. */
const convolutions = (outChannels: number) =>
  [1, 2, 3, 4].flatMap((kernel) =>
    [1, 2, 3].flatMap((stride) =>
      [0, 1, 2].map((padding) => ({ kind: 'convolution' as const, outChannels, kernel, stride, padding })),
    ),
  )

const fits = ({ kernel, padding }: { kernel: number; padding: number }, { height, width }: Shape): boolean =>
  Math.min(height, width) + 2 * padding >= kernel

/** Kernel 1 to 4, stride 1 to 3, padding 0 to 2 (also wider than the kernel); undefined if none of ten draws fits. */
function randomConvolution(random: Random, shape: Shape, maxWidth: number): Convolution | undefined {
  for (let attempt = 0; attempt < 10; attempt++) {
    const layer = {
      kind: 'convolution',
      outChannels: 1 + random.integer(4),
      kernel: 1 + random.integer(4),
      stride: 1 + random.integer(3),
      padding: random.integer(3),
    } as const
    if (fits(layer, shape) && sizeOf(outputShape(layer, shape)) <= maxWidth) return layer
  }
  return undefined
}

type Convolution = Extract<Layer, { kind: 'convolution' }>

/** The same convolution in as many groups as can be, or in one. */
function inGroups(random: Random, layer: Convolution, { channels }: Shape): Convolution {
  const possible = [4, 3, 2].filter((groups) => channels % groups === 0 && layer.outChannels % groups === 0)
  return possible.length > 0 && random.integer(3) > 0 ? { ...layer, groups: possible[0] } : layer
}

/** Kernel 1 to 3, stride 1 or 2. */
function randomPool(random: Random, { height, width }: Shape): Layer {
  const kernel = 1 + random.integer(Math.min(3, height, width))
  return { kind: 'averagePool', kernel, stride: 1 + random.integer(2), padding: random.integer(1 + (kernel >> 1)) }
}

/** A box around an input of pixels: centre uniform in [0, 1], radius 0, uniform, or different from value to value. */
export function randomBox(random: Random, { input }: Architecture): { centre: Float64Array; radius: Float64Array } {
  const size = sizeOf(input)
  const centre = Float64Array.from({ length: size }, () => random.uniform())
  const epsilon = [0, 0.01, 0.1, 0.3][random.integer(4)]
  const uneven = random.integer(3) === 0
  const radius = Float64Array.from({ length: size }, () => (uneven ? epsilon * random.integer(3) : epsilon))
  return { centre, radius }
}

/** Random networks for properties; `architecture.name` names the seed, so that a failing one can be drawn again. */
export const networkArbitrary = (options: RandomNetworkOptions = {}): fc.Arbitrary<Network> =>
  fc.nat().map((seed) => {
    const network = randomNetwork(new Random(seed, 'network'), options)
    return { ...network, architecture: { ...network.architecture, name: `random-${seed}` } }
  })
