/**
 * What a file of tensors holds that does not say which network it is of: layers with weights, and batch normalisations,
 * each in their order. What lies between them, and which layer a normalisation follows, only an architecture can tell.
 */
import { type UserError, badFile } from '../base/errors.ts'
import { type Tensor, type TensorFile, narrowest } from './tensors.ts'

/** A linear layer or a convolution. */
export interface StateLayer {
  /** What the names of its tensors begin with. */
  readonly name: string
  readonly weight: Tensor
  /** Zeros if the file has none. */
  readonly bias: Tensor
}

/** γ (x − μ) / √(σ² + ε) + β per channel. */
export interface BatchNormalisation {
  readonly name: string
  readonly mean: Tensor
  readonly variance: Tensor
  /** γ, 1 if the file has none */
  readonly weight: Tensor | undefined
  /** β, 0 if the file has none */
  readonly bias: Tensor | undefined
}

/** What a file of tensors holds, each in its order. */
export interface State {
  readonly layers: readonly StateLayer[]
  readonly normalisations: readonly BatchNormalisation[]
  /** Tensors of nothing that is known, by name: say, the mean that is subtracted from images. */
  readonly others: ReadonlyMap<string, Tensor>
}

/** Of batch normalisation, PyTorch's default: files do not tell it. */
const EPSILON = 1e-5

const roles = ['weight', 'bias', 'running_mean', 'running_var'] as const
type Group = Partial<Record<(typeof roles)[number], Tensor>>

/**
 * @param path its name, for messages
 * @throws UserError naming the file and the tensor, if one belongs to no linear layer, convolution or batch normalisation
 */
export function stateLayers({ tensors, inOrder, integers }: TensorFile, path: string): State {
  const layers: StateLayer[] = []
  const normalisations: BatchNormalisation[] = []
  const names = [...tensors.keys()]
  const ordered = inOrder ? names : names.toSorted(compareNames)
  // without PyTorch's names, all are weights and biases
  const known = names.some(roleOf) ? ordered.filter(roleOf) : ordered
  for (const [name, group] of grouped(tensors, known)) {
    const refuse = (what: string) => badFile(`${path}: '${name}' ${what}`)
    if (!group.weight && integers?.has(`${name}.weight`)) throw refuse('has a weight of integers: only floats are read')
    if (group.running_mean || group.running_var) normalisations.push(normalisationOf(name, group, refuse))
    else layers.push(layerOf(name, group, refuse))
  }
  const others = new Map([...tensors].filter(([name]) => !known.includes(name)))
  return { layers, normalisations, others }
}

const roleOf = (name: string) => roles.find((role) => name === role || name.endsWith(`.${role}`))

/** Tensors of one layer share what comes before the last point. Without such names, a bias comes after its weight. */
function grouped(tensors: ReadonlyMap<string, Tensor>, names: readonly string[]): Map<string, Group> {
  const groups = new Map<string, Group>()
  let last = ''
  for (const name of names) {
    const tensor = tensors.get(name)!
    const role = roleOf(name)
    const isBias = tensor.shape.length === 1 && groups.has(last) && !groups.get(last)!.bias
    const layer = role ? name.slice(0, Math.max(0, name.length - role.length - 1)) : isBias ? last : name
    groups.set(layer, { ...groups.get(layer), [role ?? (isBias ? 'bias' : 'weight')]: tensor })
    last = layer
  }
  return groups
}

function layerOf(name: string, { weight, bias }: Group, refuse: (what: string) => UserError): StateLayer {
  if (!weight) throw refuse(`has a bias [${bias?.shape}] and no weight: it belongs to no layer that is read`)
  const { shape } = weight
  const [size] = shape
  if (shape.length < 2) throw refuse(`has a weight [${shape}]: LayerNorm, GroupNorm and PReLU are not read`)
  if (shape.length !== 2 && shape.length !== 4) {
    throw refuse(`has a weight [${shape}]: only linear layers and convolutions of images are read`)
  }
  if (bias && !hasShape(bias, [size])) throw refuse(`has a bias [${bias.shape}] for a weight [${shape}]`)
  return { name, weight, bias: bias ?? { shape: [size], data: new Float32Array(size) } }
}

function normalisationOf(name: string, group: Group, refuse: (what: string) => UserError): BatchNormalisation {
  const { running_mean: mean, running_var: variance, weight, bias } = group
  if (!mean || !variance) throw refuse('is a batch normalisation without a mean or without a variance')
  const different = Object.values(group).find((tensor) => mean.shape.length !== 1 || !hasShape(tensor, mean.shape))
  if (different) throw refuse(`has a mean [${mean.shape}] and another tensor [${different.shape}]`)
  if (!variance.data.every((v) => v >= 0)) throw refuse('has a negative variance')
  return { name, mean, variance, weight, bias }
}

/**
 * A layer and the batch normalisation right behind it as one layer, computed in float64:
 * s W x + s (b − μ) + β, s = γ / √(σ² + ε). It is as many 64-bit floats where 32 bits cannot hold them.
 */
export function folded(layer: StateLayer, normalisation: BatchNormalisation): StateLayer {
  const { name, weight, bias } = layer
  const { mean, variance, weight: gamma, bias: beta } = normalisation
  const scale = Float64Array.from(variance.data, (v, c) => (gamma?.data[c] ?? 1) / Math.sqrt(v + EPSILON))
  const each = weight.data.length / scale.length
  const weights = new Float64Array(weight.data.length)
  for (let i = 0; i < weights.length; i++) weights[i] = scale[Math.floor(i / each)] * weight.data[i]
  const biases = Float64Array.from(bias.data, (b, c) => scale[c] * (b - mean.data[c]) + (beta?.data[c] ?? 0))
  return {
    name,
    weight: { shape: weight.shape, data: narrowest(weights) },
    bias: { shape: bias.shape, data: narrowest(biases) },
  }
}

export const hasShape = ({ shape }: Tensor, wanted: readonly number[]): boolean =>
  shape.length === wanted.length && shape.every((size, axis) => size === wanted[axis])

/** PyTorch's names, layer by layer: numbers by value ('2.bias' before '10.bias'), a weight before its bias. */
function compareNames(a: string, b: string): number {
  const key = (name: string) => name.replace(/weight$/, '0').replace(/bias$/, '1')
  return collator.compare(key(a), key(b))
}
const collator = new Intl.Collator('en', { numeric: true })
