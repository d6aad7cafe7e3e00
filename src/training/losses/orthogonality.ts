/**
 * The loss of the paper's first experiment (Section 4): ℓ_f + λ·|cos(∇ₓℓ_f, ∇ₓℓ_g)|, which keeps f's gradient by the image
 * across that of a reference g. Not a certified loss, nor one of Robustra's.
 *
 * Its gradient needs that of an input gradient. With v = ∂|cos|/∂(∇ₓℓ_f) held fixed, it is that of v·∇ₓℓ_f: the derivative
 * of ℓ_f along v. That is Σ_c (p_c − [c = y])·t_c at the logits, where t is v carried forward through the same weights,
 * without biases, and through the ReLUs as the image has set them. So it goes back through the tangent's pass, and by the
 * softmax's Hessian through the image's. Exact wherever no neuron is at 0.
 */
import type { Chunk } from '../../bounds/chunk.ts'
import { Tape, type Tensor, makeGradients } from '../../device/tape.ts'
import { forward, productsOf } from '../../device/forward.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'
import { type Scores, crossEntropy } from './cross-entropy.ts'
import type { LossInput } from './loss.ts'

/** λ of Section 4. */
export const COSINE_WEIGHT = 0.1

/**
 * Lays the loss on the tape; the images are the balls' centres.
 * @param reference g
 * @returns weight · loss, summed over the chunk's examples
 */
export function orthogonalityLoss(
  { network, tape, chunk, weight }: Pick<LossInput, 'network' | 'tape' | 'chunk' | 'weight'>,
  reference: LoadedNetwork,
): number {
  const { device, stages } = network
  const { columns, labels } = chunk
  const classes = stages.at(-1)!.outputShape.channels
  const { direction, cosines } = cosineGradient(
    inputGradient(network, chunk),
    inputGradient(reference, chunk),
    columns,
    labels.length,
  )
  const tangent = device.tensorFrom(direction)
  const { logits, tangents } = forwardWithTangent(network, tape, { images: chunk.images, tangent, columns })
  return labels.reduce((sum, label, e) => {
    const scores = { tensor: logits, classes, first: e, step: columns }
    const loss = crossEntropy(scores, label, weight)
    directionalGradient(scores, tangents, label, weight * COSINE_WEIGHT)
    return sum + loss + weight * COSINE_WEIGHT * Math.abs(cosines[e])
  }, 0)
}

/** ∇ₓ of each example's cross-entropy at the chunk's images, [input][example]. */
function inputGradient(network: LoadedNetwork, { images: clean, columns, labels }: Chunk): Float32Array {
  const { device, stages } = network
  const mark = device.mark()
  const tape = new Tape()
  // a tensor of its own, so that the gradient is of this network alone
  const images = clean.detached()
  const logits = forward(network, tape, images, { columns, input: true, weights: false })
  const classes = stages.at(-1)!.outputShape.channels
  labels.forEach((label, e) => crossEntropy({ tensor: logits, classes, first: e, step: columns }, label, 1))
  tape.backward()
  const gradient = images.gradient.read()
  device.release(mark)
  return gradient
}

/**
 * The cosines of examples' vectors a and b, [input][example], and ∂|cos|/∂a = sgn(cos)·(b/|b| − cos·a/|a|)/|a|.
 * Where a vector is 0 the cosine counts as 0, and has no gradient.
 */
function cosineGradient(a: Float32Array, b: Float32Array, columns: number, count: number) {
  const direction = new Float32Array(a.length)
  const cosines = Array.from({ length: count }, (_, e) => {
    let [aa, bb, ab] = [0, 0, 0]
    for (let j = e; j < a.length; j += columns) {
      aa += a[j] * a[j]
      bb += b[j] * b[j]
      ab += a[j] * b[j]
    }
    const [lengthA, lengthB] = [Math.sqrt(aa), Math.sqrt(bb)]
    if (lengthA === 0 || lengthB === 0) return 0
    const cosine = ab / lengthA / lengthB
    for (let j = e; j < a.length; j += columns) {
      direction[j] = (Math.sign(cosine) * (b[j] / lengthB - (cosine * a[j]) / lengthA)) / lengthA
    }
    return cosine
  })
  return { direction, cosines }
}

/** Logits, and how they change along a direction at the image; gradients of both go back to the weights. */
function forwardWithTangent(
  { device, stages }: LoadedNetwork,
  tape: Tape,
  { images, tangent, columns }: { readonly images: Tensor; readonly tangent: Tensor; readonly columns: number },
): { readonly logits: Tensor; readonly tangents: Tensor } {
  const { layers } = device
  const values: Tensor[] = []
  const changes: Tensor[] = []
  const wanted = { input: false, weights: true }
  for (const stage of stages) {
    const value = layers.affine(tape, productsOf(stage, images, values, wanted), columns, stage.bias)
    const change = layers.affine(tape, productsOf(stage, tangent, changes, wanted), columns)
    values.push(stage.relu ? layers.relu(tape, value) : value)
    changes.push(stage.relu ? layers.gate(tape, value, change) : change)
  }
  return { logits: values.at(-1)!, tangents: changes.at(-1)! }
}

/** Adds weight times the gradient of Σ_c (p_c − [c = label])·t_c to those of the logits and of their tangents t. */
function directionalGradient(
  { tensor: logits, classes, first, step }: Scores,
  tangents: Tensor,
  label: number,
  weight: number,
): void {
  const gradients = makeGradients(logits, tangents)
  const [toLogits, toTangents] = gradients.map((gradient) => gradient.view()) as [Float32Array, Float32Array]
  const read = (tensor: Tensor) => {
    const values = tensor.view()
    return Array.from({ length: classes }, (_, c) => values[first + c * step])
  }
  const [z, t] = [read(logits), read(tangents)]
  const largest = Math.max(...z)
  const total = z.reduce((sum, value) => sum + Math.exp(value - largest), 0)
  const p = z.map((value) => Math.exp(value - largest) / total)
  const mean = p.reduce((sum, share, c) => sum + share * t[c], 0)
  for (let c = 0; c < classes; c++) {
    toTangents[first + c * step] += weight * (p[c] - (c === label ? 1 : 0))
    toLogits[first + c * step] += weight * p[c] * (t[c] - mean)
  }
}
