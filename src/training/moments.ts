/** Moments of a stage's channels in its weights: W/σ and b − μ/σ, and the adjoint; for batch-norm.ts. */
import type { LoadedNetwork } from '../device/loaded-network.ts'
import { type ParameterTensor, parameterLayout } from '../model/network.ts'
import { planStages } from '../model/stages.ts'

/** Weights and bias of a term of a stage. */
interface TermTensors {
  readonly weight: ParameterTensor
  readonly bias: ParameterTensor
}

/** Mean and deviation of each channel of a stage. */
export interface Moments {
  readonly mean: Float64Array
  readonly deviation: Float64Array
}

/** A hidden stage on a chunk. */
export interface NormalisedStage extends Moments {
  readonly tensors: readonly TermTensors[]
  /** Gradients by the moments, from the folded weights, and by the bias, from the stages after it. */
  readonly toMean: Float64Array
  readonly toDeviation: Float64Array
  readonly toBias: Float64Array
}

/** The parameters of each stage. */
export function stageTensors({ architecture }: LoadedNetwork): TermTensors[][] {
  const tensors = parameterLayout(architecture)
  const ofLayer = (index: number) => tensors.filter(({ layer }) => layer === index)
  return planStages(architecture).stages.map(({ terms }) =>
    terms.map(({ layer }) => ({ weight: ofLayer(layer)[0], bias: ofLayer(layer)[1] })),
  )
}

/** Divides a stage's weights by σ, and takes μ/σ off its first bias. */
export function fold(
  parameters: Float32Array,
  { tensors, mean, deviation }: Moments & Pick<NormalisedStage, 'tensors'>,
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

/** The adjoint of `fold`: the gradient by a stage's own weights in place of the folded ones, and those by the moments. */
export function foldAdjoint(
  gradient: Float32Array,
  folded: Float32Array,
  { tensors, mean, deviation, toMean, toDeviation }: NormalisedStage,
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

/**
 * Weights of the same network, except for a factor per hidden channel that the weights after it undo, once `fold` has been
 * over them with these moments.
 * @param moments of Σ W·x, per hidden stage
 */
export function normalisable(
  network: LoadedNetwork,
  parameters: Float32Array,
  moments: readonly Moments[],
): Float32Array {
  const result = parameters.slice()
  stageTensors(network).forEach((tensors, s) => {
    const { terms, outputShape } = network.stages[s]
    tensors.forEach(({ weight }, i) => {
      const source = moments[terms[i].source]
      if (!source) return
      const row = weight.length / outputShape.channels
      const each = row / source.deviation.length
      for (let j = 0; j < weight.length; j++) {
        result[weight.offset + j] *= source.deviation[Math.floor((j % row) / each)]
      }
    })
    moments[s]?.mean.forEach((mu, c) => {
      const bias = tensors.reduce((sum, { bias: { offset } }) => sum + parameters[offset + c], 0)
      tensors.forEach(({ bias: { offset } }, i) => {
        result[offset + c] = i === 0 ? (bias + mu) / moments[s].deviation[c] : 0
      })
    })
  })
  return result
}

/** Where the weights of an output channel are. */
function rangeOf({ offset, length }: ParameterTensor, channel: number, channels: number): [number, number] {
  const each = length / channels
  return [offset + channel * each, offset + (channel + 1) * each]
}
