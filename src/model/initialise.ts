/** Random starts of training. */
import { requireWhole } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { type Architecture, type Network, type ParameterTensor, countParameters, parameterLayout } from './network.ts'
import { planStages } from './stages.ts'

export const initialisations = ['default', 'ibp'] as const
export type Initialisation = (typeof initialisations)[number]

/** The networks whose convolutions Wong et al. (2018), and so the paper, start in their own way. */
const normalConvolutions: ReadonlySet<string> = new Set(['cifar10-small', 'cifar10-resnet'])

/**
 * A random network.
 *
 * 'default' is PyTorch's for convolution and linear layers: weights and biases uniform in ±1/√fanIn, with
 * fanIn = inputs of a unit (in channels × kernel² or in features). (Kaiming uniform with a = √5.)
 * Only the convolutions of cifar10-small and cifar10-resnet have normal weights of deviation √(2/fanOut),
 * fanOut = out channels × kernel², and no biases.
 *
 * 'ibp' is for interval training (Shi et al. 2021, "Fast Certified Robust Training with Short Warmup"): normal weights of deviation √(2π)/fanIn and no biases,
 * in all layers but the last, which is as by default. The mean radius of a layer's interval bounds is
 * fanIn · E|w| · (mean radius of its inputs), E|w| = √(2/π) · deviation = 2/fanIn, and a ReLU halves a mean radius where
 * both signs are as likely: so it is 2ε in the first layer and stays so in all others, where PyTorch's start lets it grow
 * by a factor of √fanIn/4 per layer. The radii of the terms of a residual sum add up, so their weights are divided by the
 * number of terms.
 *
 * @throws UserError for 'ibp', if the architecture is none that the engine knows (see `planStages`)
 */
export function initialise(architecture: Architecture, seed: number, how: Initialisation = 'default'): Network {
  requireWhole('the seed', seed, 0, Number.MAX_SAFE_INTEGER)
  const parameters = new Float32Array(countParameters(architecture))
  const tensors = parameterLayout(architecture)
  const terms = how === 'ibp' ? hiddenTerms(architecture) : new Map<number, number>()
  for (const { name, layer, offset, length } of tensors) {
    const weight = tensors.find((tensor) => tensor.layer === layer)!
    const values = parameters.subarray(offset, offset + length)
    const normal = terms.has(layer)
      ? Math.sqrt(2 * Math.PI) / (fanInOf(weight) * terms.get(layer)!)
      : deviationOf(architecture, weight)
    const random = new Random(seed, 'initialise', name)
    if (normal === undefined) {
      const limit = 1 / Math.sqrt(fanInOf(weight))
      for (let i = 0; i < length; i++) values[i] = random.between(-limit, limit)
    } else if (name === weight.name) {
      for (let i = 0; i < length; i++) values[i] = normal * random.normal()
    }
  }
  return { architecture, parameters }
}

const fanInOf = ({ shape }: ParameterTensor): number => shape.slice(1).reduce((a, b) => a * b, 1)

/** Deviation of the normal weights of a layer without biases; undefined if 'default' does not start it so. */
function deviationOf({ name, layers }: Architecture, weight: ParameterTensor): number | undefined {
  if (layers[weight.layer].kind !== 'convolution' || !normalConvolutions.has(name)) return undefined
  const [outChannels, , height, width] = weight.shape as [number, number, number, number]
  return Math.sqrt(2 / (outChannels * height * width))
}

/** For each layer but the last: how many terms the sum has that it is part of; 1 if it is part of none. */
function hiddenTerms(architecture: Architecture): Map<number, number> {
  const hidden = planStages(architecture).stages.slice(0, -1)
  return new Map(hidden.flatMap(({ terms }) => terms.map(({ layer }) => [layer, terms.length])))
}
