/** Networks that training starts from, instead of random weights. */
import { UserError } from '../base/errors.ts'
import { type Architecture, type Network, countClasses } from '../model/network.ts'
import { printLayers } from '../model/print-layers.ts'
import { type Layer, formatShape } from '../model/layers.ts'
import type { Learner } from './learner.ts'

export interface Start {
  /** For messages: its file. */
  readonly name: string
  readonly network: Network
}

/**
 * Puts each learner where a network is. The optimiser starts from nothing.
 * A pair never starts from one network: f, with itself as the reference, has no positive transition points (Section 5.4), so
 * both would be trained as by 'lp-dual'.
 * @param starts one per learner
 * @throws UserError that names a network of another architecture than the run's, or the two of a pair if they are the same
 */
export function startFrom(learners: readonly Learner[], starts: readonly Start[], architecture: Architecture): void {
  learners.forEach(({ name, state }, i) => state.parameters.set(parametersOf(starts[i], name, architecture)))
  const [f, g] = learners.map(({ state }) => state.parameters)
  if (g && f!.every((value, i) => value === g[i])) {
    const names = starts.map(({ name }) => name).join(' and ')
    throw new UserError(`${names} are the same network: the networks of a pair must differ`)
  }
}

function parametersOf({ name, network }: Start, learner: string, architecture: Architecture): Float32Array {
  if (formOf(network.architecture) === formOf(architecture)) return network.parameters
  const isSame = network.architecture.name === architecture.name
  const [own, other] = [network.architecture, architecture].map((of) => (isSame ? printLayers(of) : of.name))
  throw new UserError(
    `${name} holds '${own}', which has other layers than ${isSame ? `'${other}'` : other}: ` +
      `choose another architecture, or another network for ${learner} to start from`,
  )
}

/**
 * What two architectures share if the parameters of one mean the same in the other. Names do not matter, nor whether
 * training normalises a layer; numbers of the normalisation are compared as the 32-bit floats that some formats keep.
 */
const formOf = ({ name, input, layers }: Architecture): string => {
  const plain = layers.map((layer): Layer => {
    if (layer.kind === 'convolution' || layer.kind === 'linear') return { ...layer, batchNorm: undefined }
    if (layer.kind !== 'normalise') return layer
    return { ...layer, mean: layer.mean.map(Math.fround), deviation: layer.deviation.map(Math.fround) }
  })
  const plainly = { name, input, layers: plain }
  return `${formatShape(input)}: ${printLayers(plainly)} to ${countClasses(plainly)}`
}
