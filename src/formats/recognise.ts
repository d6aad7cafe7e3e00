/**
 * The network of a file of tensors that does not say which one it holds, such as a state dictionary of PyTorch: that of a
 * given architecture, else the only known architecture with layers of these shapes, else an MLP, linear layers with
 * ReLUs between them. Shapes must be right layer by layer; what the file cannot tell is taken from the architecture: order,
 * strides, padding, where ReLUs and normalisations stand.
 */
import { type UserError, badFile } from '../base/errors.ts'
import { architectureNamed, architectureOf, fixedArchitectures } from '../model/architectures.ts'
import type { Layer, Shape } from '../model/layers.ts'
import { type Architecture, type Float64Network, type Network, parameterLayout } from '../model/network.ts'
import { type BatchNormalisation, type State, type StateLayer, folded, hasShape, stateLayers } from './state-layers.ts'
import type { Tensor, TensorFile } from './tensors.ts'

/** Of a file of tensors that does not say it itself. */
export interface Given {
  /** Its architecture: a known name, or layers, as `architectureOf` takes them. */
  readonly architecture?: string | undefined
  /** The images that it takes, where neither its first layer, a linear one, nor the architecture says it. */
  readonly input?: Shape | undefined
}

/** Where the architecture of a network comes from: its file, what was given with it, or the shapes of its tensors alone. */
export type ArchitectureFrom = 'file' | 'given' | 'shapes'

/**
 * @param path its name, for messages
 * @throws UserError naming the file, and what does not fit
 */
export function recognise(path: string, file: TensorFile, given: Given = {}): Network | Float64Network {
  const state = stateLayers(file, path)
  const refuse = (what: string) => badFile(`${path} ${what}`)
  if (given.architecture !== undefined)
    return fill(givenArchitecture(given.architecture, given.input, state), state, refuse)
  const known = fixedArchitectures.map(architectureNamed)
  const [found, another] = known.filter((one) => misfitOf(one, state) === undefined)
  const chosen = another ? undefined : (found ?? mlpOf(state))
  if (chosen) return fill(chosen, state, refuse)
  throw refuse(unrecognised(state, file, found && another ? [found, another] : []))
}

/** There are as many classes as the last layer has outputs. */
function givenArchitecture(text: string, given: Shape | undefined, { layers }: State): Architecture {
  const [first, last] = [layers[0]?.weight.shape, layers.at(-1)?.bias.shape]
  const input = given ?? (first?.length === 2 ? { channels: first[1], height: 1, width: 1 } : undefined)
  return architectureOf(text, input && last && { input, classes: last[0] })
}

/** Linear layers alone, each of which takes what the one before gives. */
function mlpOf({ layers, normalisations, others }: State): Architecture | undefined {
  const sizes = layers.map(({ weight }) => weight.shape)
  const isChain = sizes.every(([, inputs], i) => i === 0 || inputs === sizes[i - 1][0])
  if (normalisations.length > 0 || others.size > 0 || layers.length === 0 || !isChain) return undefined
  if (sizes.some((shape) => shape.length !== 2 || shape.includes(0))) return undefined
  const linear = sizes.flatMap(([outFeatures]): Layer[] => [{ kind: 'relu' }, { kind: 'linear', outFeatures }])
  const name = layers.length === 1 ? 'linear' : 'mlp'
  return { name, input: { channels: sizes[0][1], height: 1, width: 1 }, layers: linear.slice(1) }
}

function unrecognised(
  { layers, normalisations, others }: State,
  { integers }: TensorFile,
  fitting: readonly Architecture[],
) {
  const shapes = [
    ...layers.map(({ name, weight }) => `${name} [${weight.shape}]`),
    ...normalisations.map(({ name, mean }) => `${name} normalises ${mean.shape} channels`),
    ...[...others].map(([name, { shape }]) => `${name} [${shape}]`),
    ...(layers.length === 0 ? [...(integers ?? [])].map((name) => `${name}, integers`) : []),
  ]
  const fit =
    fitting.length > 0
      ? `more than one known architecture (${fitting.map(({ name }) => name).join(', ')}, …)`
      : `none of the known architectures (${fixedArchitectures.join(', ')})`
  return (
    `does not say which network it holds, and its layers (${list(shapes) || 'none'}) fit ${fit}: ` +
    'give its architecture, which says strides, padding and where ReLUs stand'
  )
}

/** What of the file is not as the architecture wants it. */
function misfitOf(architecture: Architecture, { layers, normalisations, others }: State): string | undefined {
  const wanted = weightsOf(architecture)
  for (const [i, { index, weight, bias }] of wanted.entries()) {
    const found = layers[i]
    const place = `layer ${index} of the architecture`
    if (!found) return `has ${counted(layers.length, 'layer')} with weights, and nothing for ${place}, [${weight}]`
    if (!hasShape(found.weight, weight)) {
      return `has '${found.name}' of shape [${found.weight.shape}], where ${place} wants [${weight}]`
    }
    if (!hasShape(found.bias, bias)) return `has '${found.name}' with a bias [${found.bias.shape}], not [${bias}]`
  }
  const more = layers[wanted.length]
  if (more) return `has '${more.name}' [${more.weight.shape}], which the architecture has no layer for`
  for (const [name, tensor] of others) {
    if (isNormalisation(architecture, tensor)) continue
    return (
      `has '${name}' [${tensor.shape}], which is no weight or bias of a layer: a normalisation of images is read if the ` +
      'architecture begins with the same numbers, such as normalise 0.5 / 0.25'
    )
  }
  const places = wanted.filter(({ normalised }) => normalised)
  const [first] = normalisations
  if (!first) return undefined
  if (places.length !== normalisations.length) {
    return (
      `has ${counted(normalisations.length, 'batch normalisation')} ('${first.name}'${normalisations.length > 1 ? ', …' : ''}), ` +
      `but the architecture has ${places.length}: it must say directly after which layers they come, as in conv 16 3, batch norm`
    )
  }
  const wrong = normalisations.findIndex(({ mean }, i) => !hasShape(mean, places[i].bias))
  if (wrong < 0) return undefined
  const { name, mean } = normalisations[wrong]
  const { index, bias } = places[wrong]
  return `has '${name}' for ${mean.shape} channels, where layer ${index} of the architecture has ${bias}`
}

/** Whether these are the means or the deviations of the architecture's normalisation. */
function isNormalisation({ layers: [first] }: Architecture, { data }: Tensor): boolean {
  if (first?.kind !== 'normalise') return false
  return [first.mean, first.deviation].some(
    (numbers) => data.length === numbers.length && data.every((value, c) => value === Math.fround(numbers[c])),
  )
}

/** The layers that have weights. */
function weightsOf(architecture: Architecture) {
  const tensors = parameterLayout(architecture)
  return architecture.layers.flatMap((layer, index) => {
    const [weight, bias] = tensors.filter((tensor) => tensor.layer === index)
    const normalised = 'batchNorm' in layer && layer.batchNorm === true
    return weight && bias ? [{ index, weight: weight.shape, bias: bias.shape, normalised }] : []
  })
}

function fill(architecture: Architecture, state: State, refuse: (what: string) => UserError): Network | Float64Network {
  const misfit = misfitOf(architecture, state)
  if (misfit !== undefined) throw refuse(misfit)
  const left: BatchNormalisation[] = [...state.normalisations]
  const tensors = weightsOf(architecture).flatMap(({ normalised }, i): Tensor[] => {
    const layer = state.layers[i]
    const normalisation = normalised ? left.shift() : undefined
    const { weight, bias }: StateLayer = normalisation ? folded(layer, normalisation) : layer
    return [weight, bias]
  })
  return networkOfTensors(architecture, tensors)
}

/** @param tensors in the order of the architecture's parameters */
export function networkOfTensors(architecture: Architecture, tensors: readonly Tensor[]): Network | Float64Network {
  const size = tensors.reduce((sum, { data }) => sum + data.length, 0)
  const fillWith = <A extends Tensor['data']>(parameters: A) => {
    parameterLayout(architecture).forEach(({ offset }, i) => parameters.set(tensors[i].data, offset))
    return { architecture, parameters }
  }
  return tensors.some(({ data }) => data instanceof Float64Array)
    ? fillWith(new Float64Array(size))
    : fillWith(new Float32Array(size))
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

/** The first few of a list, and how many more there are. */
export const list = (items: readonly string[]): string =>
  items.slice(0, 8).join(', ') + (items.length > 8 ? ` and ${items.length - 8} more` : '')
