/** Which imported networks are plain sequences of our layers, and their parameters. */
import type { Layer, Shape } from '../../networks/layers.ts'
import { outputShape, sizeOf } from '../../networks/layers.ts'
import type { Network } from '../../networks/network.ts'
import type { Step, Weights } from './steps.ts'

type Sequence =
  | { readonly network: Network; readonly misfit: undefined }
  | { readonly network: undefined; readonly misfit: string }

/** A layer that does not fit. */
class Misfit extends Error {}

/**
 * The network of these steps: a normalisation (a subtraction and a division per channel, both optional), then
 * convolutions, linear layers and ReLUs, each reading the one before, with weights that are 32-bit floats.
 * @param inputShape without the batch
 */
export function sequentialOf(name: string, inputShape: readonly number[], steps: readonly Step[]): Sequence {
  try {
    return { network: assemble(name, inputShape, steps), misfit: undefined }
  } catch (error) {
    if (error instanceof Misfit) return { network: undefined, misfit: error.message }
    throw error
  }
}

function assemble(name: string, inputShape: readonly number[], steps: readonly Step[]): Network {
  if (inputShape.length > 3) throw new Misfit(`the input has the shape [${inputShape}]`)
  const [channels, height, width] = inputShape.length === 1 ? [inputShape[0], 1, 1] : [1, ...inputShape].slice(-3)
  const input = { channels, height, width }
  const layers: Layer[] = []
  const parameters: Weights[] = []
  let shape: Shape = input
  let isVector = inputShape.length === 1
  const add = (layer: Layer) => {
    layers.push(layer)
    shape = outputShape(layer, shape)
  }
  const { layer: normalise, count } = normaliseOf(steps, shape)
  if (normalise) add(normalise)
  steps.slice(count).forEach((step, i) => {
    const refuse = (what: string) => new Misfit(`${step.label} ${what}`)
    if (step.kind === 'sparse' || step.kind === 'selection') throw refuse('is no layer of such a network')
    if (step.value !== count + i) throw refuse('does not read the layer before it')
    if (step.kind === 'relu') {
      const before = steps[count + i - 1]
      if (i === 0 || before.kind === 'relu') throw refuse('does not follow an affine layer')
      return add({ kind: 'relu' })
    }
    const bias = step.bias
    if (![step.weights, bias].every(isSingle)) throw refuse('has folded weights that are no 32-bit floats')
    if (step.kind === 'dense') {
      if (!isVector) add({ kind: 'flatten' })
      isVector = true
      add({ kind: 'linear', outFeatures: step.size })
    } else {
      const { input: from, outChannels, kernel, stride, padding, dilation, groups } = step.shape
      if (from.join() !== [shape.channels, shape.height, shape.width].join()) throw refuse('reads what was reshaped')
      if (groups !== 1) throw refuse(`has ${groups} groups`)
      if (dilation.some((d, axis) => d !== 1 && kernel[axis] > 1)) throw refuse('has dilations')
      if (kernel[0] !== kernel[1]) throw refuse(`has a kernel of ${kernel.join(' × ')}`)
      if (stride[0] !== stride[1]) throw refuse(`has strides of ${stride.join(' × ')}`)
      if (padding.some((p) => p !== padding[0])) throw refuse(`has pads that differ: [${padding}]`)
      isVector = false
      add({ kind: 'convolution', outChannels, kernel: kernel[0], stride: stride[0], padding: padding[0] })
    }
    parameters.push(step.weights, bias)
  })
  const last = steps.at(-1)!
  if (last.kind === 'relu' || parameters.length === 0)
    throw new Misfit(`${last.label} comes last: no affine layer does`)
  return { architecture: { name, input, layers }, parameters: join(parameters) }
}

/** The normalisation that the first steps make, and how many they are. */
function normaliseOf(steps: readonly Step[], shape: Shape): { layer: Layer | undefined; count: number } {
  const area = shape.height * shape.width
  let count = 0
  const perChannel = (by: 'Sub' | 'Div', otherwise: number): number[] => {
    const step = steps[count]
    const none = Array.from({ length: shape.channels }, () => otherwise)
    if (step?.kind !== 'selection' || step.normalises?.by !== by || step.terms[0].value !== count) return none
    const { operand } = step.normalises
    for (let o = 0; o < sizeOf(shape); o++) {
      if (operand(o) !== operand(Math.floor(o / area) * area)) throw new Misfit(`${step.label} differs by pixel`)
    }
    count++
    return none.map((_, c) => operand(c * area))
  }
  const mean = perChannel('Sub', 0)
  const deviation = perChannel('Div', 1)
  if (!deviation.every((d) => d > 0)) throw new Misfit(`${steps[count - 1].label} divides by negative numbers`)
  return { layer: count > 0 ? { kind: 'normalise', mean, deviation } : undefined, count }
}

const isSingle = (values: Weights) => values instanceof Float32Array || values.every((v) => Math.fround(v) === v)

function join(parts: readonly Weights[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
