/** Random starts of training. */
import { Random } from '../engine/random.ts'
import { type Architecture, type Network, countParameters, parameterLayout } from './network.ts'

/**
 * PyTorch's default for convolution and linear layers: weights and biases uniform in ±1/√fanIn, with
 * fanIn = inputs of a unit (in channels × kernel² or in features). (Kaiming uniform with a = √5.)
 */
export function initialise(architecture: Architecture, seed: number): Network {
  const parameters = new Float32Array(countParameters(architecture))
  const tensors = parameterLayout(architecture)
  for (const { name, layer, offset, length } of tensors) {
    const weight = tensors.find((tensor) => tensor.layer === layer)!
    const fanIn = weight.shape.slice(1).reduce((a, b) => a * b, 1)
    const random = new Random(seed, 'initialise', name)
    const limit = 1 / Math.sqrt(fanIn)
    for (let i = 0; i < length; i++) parameters[offset + i] = random.between(-limit, limit)
  }
  return { architecture, parameters }
}
