/**
 * A network as float64 affine stages, for the reference bounds: each weight matrix by its sparse rows, written for reading.
 * A *stage* is an affine layer with the ReLU behind it, if any; stages count from 0.
 */
import { type AffineLayer, type Shape, sizeOf } from '../networks/layers.ts'
import { type Architecture, type Network, parameterLayout, shapesOf } from '../networks/network.ts'

/** All x with |x − centre| ≤ radius, value by value. */
export interface Box {
  readonly centre: Float64Array
  readonly radius: Float64Array
}

/** z = W x + b, then a ReLU or not. W is sparse by rows: what a convolution pads has no entry. */
export interface Stage {
  readonly inputSize: number
  readonly rows: readonly { readonly inputs: Int32Array; readonly weights: Float64Array }[]
  /** One per output value: the bias of a convolution channel is repeated over its positions. */
  readonly bias: Float64Array
  readonly relu: boolean
}

/** @throws RangeError unless the layers are: normalise at most first, then affine layers and ReLUs, an affine last */
export function referenceStages({ architecture, parameters }: Network): Stage[] {
  const shapes = shapesOf(architecture)
  const tensors = parameterLayout(architecture)
  const stages: Stage[] = []
  architecture.layers.forEach((layer, i) => {
    if (layer.kind === 'normalise' && i > 0) throw new RangeError('normalise must be the first layer')
    if (layer.kind === 'normalise' || layer.kind === 'flatten') return
    if (layer.kind === 'relu') {
      const last = stages.pop()
      if (!last) throw new RangeError('a ReLU needs an affine layer before it')
      stages.push({ ...last, relu: true })
      return
    }
    const [weight, bias] = tensors
      .filter((tensor) => tensor.layer === i)
      .map(({ offset, length }) => Float64Array.from(parameters.subarray(offset, offset + length)))
    stages.push(affineStage(layer, shapes[i], shapes[i + 1], weight, bias))
  })
  if (stages.length === 0 || stages.at(-1)!.relu) throw new RangeError('the last layer must be affine')
  return stages
}

function affineStage(layer: AffineLayer, input: Shape, output: Shape, weight: Float64Array, bias: Float64Array): Stage {
  const rows = []
  if (layer.kind === 'linear') {
    const inputs = Int32Array.from({ length: input.channels }, (_, k) => k)
    for (let o = 0; o < output.channels; o++) {
      rows.push({ inputs, weights: weight.subarray(o * inputs.length, (o + 1) * inputs.length) })
    }
    return { inputSize: input.channels, rows, bias, relu: false }
  }
  const { kernel, stride, padding } = layer
  for (let channel = 0; channel < output.channels; channel++) {
    for (let y = 0; y < output.height; y++) {
      for (let x = 0; x < output.width; x++) {
        const inputs = []
        const weights = []
        for (let from = 0; from < input.channels; from++) {
          for (let ky = 0; ky < kernel; ky++) {
            for (let kx = 0; kx < kernel; kx++) {
              const atY = y * stride + ky - padding
              const atX = x * stride + kx - padding
              if (atY < 0 || atY >= input.height || atX < 0 || atX >= input.width) continue
              inputs.push((from * input.height + atY) * input.width + atX)
              weights.push(weight[((channel * input.channels + from) * kernel + ky) * kernel + kx])
            }
          }
        }
        rows.push({ inputs: Int32Array.from(inputs), weights: Float64Array.from(weights) })
      }
    }
  }
  const positions = output.height * output.width
  const biases = Float64Array.from(rows, (_, o) => bias[Math.floor(o / positions)])
  return { inputSize: sizeOf(input), rows, bias: biases, relu: false }
}

/** W x. */
export const applyWeight = (stage: Stage, x: Float64Array): Float64Array =>
  Float64Array.from(stage.rows, ({ inputs, weights }) => weights.reduce((sum, w, k) => sum + w * x[inputs[k]], 0))

/** |W| x, for radii. */
export const applyAbsoluteWeight = (stage: Stage, x: Float64Array): Float64Array =>
  Float64Array.from(stage.rows, ({ inputs, weights }) =>
    weights.reduce((sum, w, k) => sum + Math.abs(w) * x[inputs[k]], 0),
  )

/** Wᵀ y. */
export function applyTransposedWeight(stage: Stage, y: Float64Array): Float64Array {
  const x = new Float64Array(stage.inputSize)
  stage.rows.forEach(({ inputs, weights }, o) => {
    if (y[o] === 0) return
    for (let k = 0; k < inputs.length; k++) x[inputs[k]] += weights[k] * y[o]
  })
  return x
}

/** The box in the units that the first affine layer sees: pixels, or (pixels − mean) / deviation. Deviations are > 0. */
export function normalisedBox({ input, layers }: Architecture, centre: Float64Array, radius: Float64Array): Box {
  const first = layers[0]
  if (first?.kind !== 'normalise') return { centre, radius }
  const channel = (j: number) => Math.floor(j / (input.height * input.width))
  return {
    centre: centre.map((x, j) => (x - first.mean[channel(j)]) / first.deviation[channel(j)]),
    radius: radius.map((r, j) => r / first.deviation[channel(j)]),
  }
}

/** Value of every stage before its ReLU, for an input in pixel units; the last one is the network's output. */
export function referenceForward(network: Network, x: Float64Array): Float64Array[] {
  let value = normalisedBox(network.architecture, x, new Float64Array(x.length)).centre
  return referenceStages(network).map((stage) => {
    const affine = applyWeight(stage, value).map((z, o) => z + stage.bias[o])
    value = stage.relu ? affine.map((z) => Math.max(z, 0)) : affine
    return affine
  })
}
