/** Random starts of training. */
import { Random } from '../engine/random.ts'
import { type Architecture, type Network, countParameters, parameterLayout } from './network.ts'

/** Whose convolutions Wong et al. (2018) start in their own way, and the paper with them. */
const normalConvolutions: ReadonlySet<string> = new Set(['cifar10-small', 'cifar10-resnet'])

/**
 * PyTorch's default for convolution and linear layers: weights and biases uniform in ±1/√fanIn, with
 * fanIn = inputs of a unit (in channels × kernel² or in features). (Kaiming uniform with a = √5.)
 * Only the convolutions of cifar10-small and cifar10-resnet have normal weights of deviation √(2/fanOut), fanOut = out channels × kernel²,
 * and no biases.
 */
export function initialise(architecture: Architecture, seed: number): Network {
  const parameters = new Float32Array(countParameters(architecture))
  const tensors = parameterLayout(architecture)
  for (const { name, layer, offset, length } of tensors) {
    const weight = tensors.find((tensor) => tensor.layer === layer)!
    const random = new Random(seed, 'initialise', name)
    const values = parameters.subarray(offset, offset + length)
    const { kind } = architecture.layers[layer]!
    if (kind === 'convolution' && normalConvolutions.has(architecture.name)) {
      const [outChannels, , height, width] = weight.shape as [number, number, number, number]
      const deviation = Math.sqrt(2 / (outChannels * height * width))
      if (name === weight.name) for (let i = 0; i < length; i++) values[i] = deviation * random.normal()
      continue
    }
    const fanIn = weight.shape.slice(1).reduce((a, b) => a * b, 1)
    const limit = 1 / Math.sqrt(fanIn)
    for (let i = 0; i < length; i++) values[i] = random.between(-limit, limit)
  }
  return { architecture, parameters }
}
