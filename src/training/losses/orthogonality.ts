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
import { type Bias, affine } from '../../device/wasm/affine.ts'
import { crossEntropy } from '../../device/wasm/cross-entropy.ts'
import { relu } from '../../device/wasm/elementwise.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { Tape, Tensor } from '../../device/tape.ts'
import { forward } from '../../device/forward.ts'
import type { LoadedNetwork } from '../../device/loaded-network.ts'

/** λ of Section 4. */
export const COSINE_WEIGHT = 0.1

/**
 * Lays the loss on the tape.
 * @param chunk images at the balls' centres
 * @param weight of one example: 1 / batch size
 * @returns weight · loss, summed over the chunk's examples
 */
export function orthogonalityLoss(
  network: LoadedNetwork,
  reference: LoadedNetwork,
  tape: Tape,
  chunk: Chunk,
  weight: number,
): number {
  const { engine, stages } = network
  const { columns, labels } = chunk
  const classes = stages.at(-1)!.outputShape.channels
  const { direction, cosines } = cosineGradient(
    inputGradient(network, chunk),
    inputGradient(reference, chunk),
    columns,
    labels.length,
  )
  const tangent = new Tensor(engine.floatsFrom(direction), direction.length)
  const { logits, tangents } = forwardWithTangent(network, tape, chunk.ball.centre, tangent, columns)
  return labels.reduce((sum, label, e) => {
    const loss = crossEntropy(engine, logits, classes, label, weight, e, columns)
    directionalGradient(engine, logits, tangents, classes, label, weight * COSINE_WEIGHT, e, columns)
    return sum + loss + weight * COSINE_WEIGHT * Math.abs(cosines[e])
  }, 0)
}

/** ∇ₓ of each example's cross-entropy at the chunk's centres, [input][example]. */
function inputGradient(network: LoadedNetwork, { ball, columns, labels }: Chunk): Float32Array {
  const { engine, stages } = network
  const mark = engine.mark()
  const tape = new Tape()
  // a tensor of its own, so that the gradient is of this network alone
  const images = new Tensor(ball.centre.pointer, ball.centre.length)
  const logits = forward(network, tape, images, columns, { input: true, weights: false })
  labels.forEach((label, e) => crossEntropy(engine, logits, stages.at(-1)!.outputShape.channels, label, 1, e, columns))
  tape.backward()
  const gradient = engine.read(images.gradient(engine), images.length)
  engine.release(mark)
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
  { engine, stages }: LoadedNetwork,
  tape: Tape,
  images: Tensor,
  direction: Tensor,
  columns: number,
): { readonly logits: Tensor; readonly tangents: Tensor } {
  const values: Tensor[] = []
  const changes: Tensor[] = []
  for (const { terms, bias, biasGradient, relu: cut } of stages) {
    const wanted = (i: number) => ({ input: terms[i].source >= 0, weights: true })
    const step = (image: Tensor, outputs: readonly Tensor[], added?: Bias) => {
      const inputs = terms.map(({ source }) => (source < 0 ? image : outputs[source]))
      return affine(engine, tape, terms, inputs, columns, 'signed', added, wanted)
    }
    const value = step(images, values, { values: bias, gradient: biasGradient })
    const change = step(direction, changes)
    values.push(cut ? relu(engine, tape, value) : value)
    changes.push(cut ? gate(engine, tape, value, change) : change)
  }
  return { logits: values.at(-1)!, tangents: changes.at(-1)! }
}

/** `change` where `value` > 0, else 0: linear in the change, and constant by the value but where that is 0. */
function gate(engine: Engine, tape: Tape, value: Tensor, change: Tensor): Tensor {
  const y = Tensor.zeros(engine, change.length)
  engine.kernels.reluAdjoint(change.length, value.pointer, y.pointer, change.pointer)
  tape.record(() =>
    engine.kernels.reluAdjoint(change.length, value.pointer, change.gradient(engine), y.gradient(engine)),
  )
  return y
}

/** Adds weight times the gradient of Σ_c (p_c − [c = label])·t_c to those of the logits and of their tangents t. */
function directionalGradient(
  engine: Engine,
  logits: Tensor,
  tangents: Tensor,
  classes: number,
  label: number,
  weight: number,
  example: number,
  columns: number,
): void {
  const [toLogits, toTangents] = [logits.gradient(engine) >> 2, tangents.gradient(engine) >> 2]
  const { f32 } = engine
  const read = ({ pointer }: Tensor) =>
    Array.from({ length: classes }, (_, c) => f32[(pointer >> 2) + c * columns + example])
  const [z, t] = [read(logits), read(tangents)]
  const largest = Math.max(...z)
  const total = z.reduce((sum, value) => sum + Math.exp(value - largest), 0)
  const p = z.map((value) => Math.exp(value - largest) / total)
  const mean = p.reduce((sum, share, c) => sum + share * t[c], 0)
  for (let c = 0; c < classes; c++) {
    f32[toTangents + c * columns + example] += weight * (p[c] - (c === label ? 1 : 0))
    f32[toLogits + c * columns + example] += weight * p[c] * (t[c] - mean)
  }
}
