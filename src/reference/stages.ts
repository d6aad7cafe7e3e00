/**
 * A network as float64 affine stages, for the reference bounds: each weight matrix by its sparse rows.
 *
 *   z_i = Σ_k W_k x_k + b_i,   x_{i+1} = max(z_i, 0)
 *
 * A *stage* is a sum of affine layers, each over the image or an earlier stage, with the ReLU behind it, if any; stages
 * count from 0. So residual networks are no special case: only what a stage reads is said by its terms.
 */
import { type Shape, sizeOf } from '../model/layers.ts'
import { type Network, parameterLayout } from '../model/network.ts'
import { type TermPlan, planStages } from '../model/stages.ts'
import { normalised } from './input-ball.ts'

/** z = Σ W_k x_k + b, then a ReLU or not; residual sums have several terms, others one. */
export interface Stage {
  readonly terms: readonly Term[]
  /** One per output value: the biases of all terms; that of a convolution channel is repeated over its positions. */
  readonly bias: Float64Array
  readonly relu: boolean
}

/** One matrix W_k, sparse by rows: what a convolution pads has no entry. */
export interface Term {
  /** The stage whose value, behind its ReLU, is x_k; −1 for the normalised image. */
  readonly source: number
  readonly inputSize: number
  readonly rows: readonly { readonly inputs: Int32Array; readonly weights: Float64Array }[]
}

/** @throws UserError for layers that are no such stages (see `planStages`) */
export function referenceStages({ architecture, parameters }: Network): Stage[] {
  const tensors = parameterLayout(architecture)
  return planStages(architecture).stages.map(({ terms, outputShape, relu }) => {
    const ofTerms = terms.map((term) => {
      const [weight, bias] = tensors
        .filter(({ layer }) => term.constant === undefined && layer === term.layer)
        .map(({ offset, length }) => Float64Array.from(parameters.subarray(offset, offset + length)))
      const rows = rowsOf(term, outputShape, weight)
      return { bias, term: { source: term.source, inputSize: sizeOf(term.inputShape), rows } }
    })
    const positions = outputShape.height * outputShape.width
    const biasOf = (_: unknown, o: number) =>
      ofTerms.reduce((sum, { bias }) => sum + (bias?.[Math.floor(o / positions)] ?? 0), 0)
    return {
      terms: ofTerms.map(({ term }) => term),
      bias: Float64Array.from({ length: sizeOf(outputShape) }, biasOf),
      relu,
    }
  })
}

/**
 * The matrix of a convolution; of a linear layer, too, which is one of a 1 × 1 image, and of a term whose weights are one
 * constant.
 */
function rowsOf({ inputShape, options, constant }: TermPlan, output: Shape, weight?: Float64Array): Term['rows'] {
  const { kernel, stride, padding, groups } = options
  const perGroup = inputShape.channels / groups
  const rows = []
  for (let channel = 0; channel < output.channels; channel++) {
    const first = Math.floor((channel * groups) / output.channels) * perGroup
    for (let y = 0; y < output.height; y++) {
      for (let x = 0; x < output.width; x++) {
        const inputs = []
        const weights = []
        for (let from = 0; from < perGroup; from++) {
          for (let ky = 0; ky < kernel; ky++) {
            for (let kx = 0; kx < kernel; kx++) {
              const atY = y * stride + ky - padding
              const atX = x * stride + kx - padding
              if (atY < 0 || atY >= inputShape.height || atX < 0 || atX >= inputShape.width) continue
              inputs.push(((first + from) * inputShape.height + atY) * inputShape.width + atX)
              weights.push(constant ?? weight![((channel * perGroup + from) * kernel + ky) * kernel + kx])
            }
          }
        }
        rows.push({ inputs: Int32Array.from(inputs), weights: Float64Array.from(weights) })
      }
    }
  }
  return rows
}

/** W x. */
export const applyWeight = ({ rows }: Term, x: Float64Array): Float64Array =>
  Float64Array.from(rows, ({ inputs, weights }) => weights.reduce((sum, w, k) => sum + w * x[inputs[k]], 0))

/** |W| x, for radii. */
export const applyAbsoluteWeight = ({ rows }: Term, x: Float64Array): Float64Array =>
  Float64Array.from(rows, ({ inputs, weights }) => weights.reduce((sum, w, k) => sum + Math.abs(w) * x[inputs[k]], 0))

/** Wᵀ y. */
export function applyTransposedWeight({ inputSize, rows }: Term, y: Float64Array): Float64Array {
  const x = new Float64Array(inputSize)
  rows.forEach(({ inputs, weights }, o) => {
    if (y[o] === 0) return
    for (let k = 0; k < inputs.length; k++) x[inputs[k]] += weights[k] * y[o]
  })
  return x
}

/** Σ W_k x_k + b, where `values[i + 1]` is what stage i makes and `values[0]` the normalised image. */
export function affineValue({ terms, bias }: Stage, values: readonly Float64Array[]): Float64Array {
  const parts = terms.map((term) => applyWeight(term, values[term.source + 1]))
  return bias.map((b, o) => parts.reduce((sum, part) => sum + part[o], b))
}

/** Value of every stage before its ReLU, for an input in pixel units; the last one is the network's output. */
export function referenceForward(network: Network, x: Float64Array): Float64Array[] {
  const values = [normalised(network.architecture, { centre: x, radius: new Float64Array(x.length) }).centre]
  return referenceStages(network).map((stage) => {
    const affine = affineValue(stage, values)
    values.push(stage.relu ? affine.map((z) => Math.max(z, 0)) : affine)
    return affine
  })
}
