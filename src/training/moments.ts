/** Moments of channels in the weights of a stage: W/σ and b − μ/σ, and the adjoint; for batch-norm.ts. */
import { type Architecture, type ParameterTensor, parameterLayout } from '../model/network.ts'
import { planStages } from '../model/stages.ts'

/** Weights and bias of a term of a stage. */
interface TermTensors {
  readonly weight: ParameterTensor
  readonly bias: ParameterTensor
}

/** Terms of a stage that are normalised together: z = Σ W·x over them. */
export interface NormalisedTerms {
  /** Indices into the stage's terms. */
  readonly terms: readonly number[]
  readonly tensors: readonly TermTensors[]
}

/** What is normalised of a hidden stage. */
export interface StageNorm {
  /** All terms together, if all are layers that are normalised; else each on its own that is one. */
  readonly groups: readonly NormalisedTerms[]
  /** Indices of the other terms, which are added as they are. */
  readonly others: readonly number[]
}

/** Mean and deviation of each channel. */
export interface Moments {
  readonly mean: Float64Array
  readonly deviation: Float64Array
}

/** Normalised terms on a chunk. */
export interface NormalisedChunk extends Moments {
  readonly tensors: readonly TermTensors[]
  /** Gradients by the moments, from the folded weights. */
  readonly toMean: Float64Array
  readonly toDeviation: Float64Array
  /** Gradient by the bias, from the stages after it, if it was added here. */
  readonly toBias?: Float64Array
}

/** What is normalised of each hidden stage of a network. */
export function stageNorms({ architecture }: { readonly architecture: Architecture }): StageNorm[] {
  const { layers } = architecture
  const hidden = planStages(architecture).stages.slice(0, -1)
  const tensorsOf = termTensors(architecture)
  return hidden.map(({ terms }) => {
    const all = terms.map((_, i) => i)
    const isFlagged = (i: number) => {
      const { layer, constant } = terms[i]
      const of = layers[layer]
      return constant === undefined && 'batchNorm' in of && of.batchNorm === true
    }
    const normalised = all.filter(isFlagged)
    const parts = normalised.length === all.length ? [all] : normalised.map((i) => [i])
    const groups = parts.map((part) => ({ terms: part, tensors: part.map((i) => tensorsOf(terms[i].layer)) }))
    return { groups, others: all.filter((i) => !isFlagged(i)) }
  })
}

export function termTensors(architecture: Architecture): (layer: number) => TermTensors {
  const tensors = parameterLayout(architecture)
  return (layer) => {
    const [weight, bias] = tensors.filter((tensor) => tensor.layer === layer) as [ParameterTensor, ParameterTensor]
    return { weight, bias }
  }
}

/** Divides weights by σ, and takes μ/σ off their first bias. */
export function fold(
  parameters: Float32Array,
  { tensors, mean, deviation }: Moments & Pick<NormalisedTerms, 'tensors'>,
): void {
  const { offset } = tensors[0].bias
  mean.forEach((mu, c) => {
    const sigma = deviation[c]
    for (const { weight } of tensors) {
      for (let [i, end] = rangeOf(weight, c, mean.length); i < end; i++) parameters[i] /= sigma
    }
    parameters[offset + c] -= mu / sigma
  })
}

/** The adjoint of `fold`: the gradient by the weights themselves in place of the folded ones, and those by the moments. */
export function foldAdjoint(
  gradient: Float32Array,
  folded: Float32Array,
  { tensors, mean, deviation, toMean, toDeviation }: NormalisedChunk,
): void {
  const { offset } = tensors[0].bias
  mean.forEach((mu, c) => {
    const [sigma, toShift] = [deviation[c], gradient[offset + c]]
    toMean[c] = -toShift / sigma
    let toSigma = (toShift * mu) / sigma
    for (const { weight } of tensors) {
      for (let [i, end] = rangeOf(weight, c, mean.length); i < end; i++) {
        toSigma -= gradient[i] * folded[i]
        gradient[i] /= sigma
      }
    }
    toDeviation[c] = toSigma / sigma
  })
}

/** Where the weights of an output channel are. */
export function rangeOf({ offset, length }: ParameterTensor, channel: number, channels: number): [number, number] {
  const each = length / channels
  return [offset + channel * each, offset + (channel + 1) * each]
}
