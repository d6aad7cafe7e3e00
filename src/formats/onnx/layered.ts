/** Which imported networks are made of our layers in a way that the engine takes, and their parameters. */
import type { Layer, Shape } from '../../model/layers.ts'
import { outputShape, sizeOf } from '../../model/layers.ts'
import type { Architecture, Network } from '../../model/network.ts'
import { planStages } from '../../model/stages.ts'
import type { Selection, Step, Weights } from './steps.ts'

type Layered =
  | { readonly network: Network; readonly misfit: undefined }
  | { readonly network: undefined; readonly misfit: string }

/** A layer that does not fit. */
class Misfit extends Error {}

/**
 * The network of these steps: a normalisation (a subtraction and a division per channel, both optional), then
 * convolutions, which may read any value before, linear layers and ReLUs, each reading the one before, and sums of the
 * one before and another, with weights that are 32-bit floats.
 * @param inputShape without the batch
 */
export function layeredOf(name: string, inputShape: readonly number[], steps: readonly Step[]): Layered {
  try {
    return { network: assemble(name, inputShape, steps), misfit: undefined }
  } catch (error) {
    if (error instanceof Misfit) return { network: undefined, misfit: error.message }
    throw error
  }
}

/** What a step made. */
interface Made {
  /** The layer that made it; −1 for the image. */
  readonly layer: number
  readonly shape: Shape
  readonly isVector: boolean
}

function assemble(name: string, inputShape: readonly number[], steps: readonly Step[]): Network {
  if (inputShape.length > 3) throw new Misfit(`the input has the shape [${inputShape}]`)
  const [channels, height, width] = inputShape.length < 2 ? [inputShape[0] ?? 1, 1, 1] : [1, ...inputShape].slice(-3)
  const input = { channels, height, width }
  const layers: Layer[] = []
  const parameters: Weights[] = []
  const add = (layer: Layer, from: Made, isVector = from.isVector): Made => {
    const last = layers.push(layer) - 1
    return { layer: last, shape: outputShape(layer, from.shape), isVector }
  }
  const image: Made = { layer: -1, shape: input, isVector: inputShape.length < 2 }
  const { layer: normalise, count } = normaliseOf(steps, input)
  const first = normalise ? add(normalise, image) : image
  // by value; those that only normalise are read by nothing else
  const values = new Map([[count, first]])
  steps.slice(count).forEach((step, i) => {
    const refuse = (what: string) => new Misfit(`${step.label} ${what}`)
    const read = (value: number): Made => {
      const made = values.get(value)
      if (!made) throw refuse('does not read the layer before it')
      return made
    }
    const isLast = ({ layer }: Made) => layer === layers.length - 1
    const make = (): Made => {
      if (step.kind === 'selection') {
        if (!isSum(step)) throw refuse('is not a layer of such a network')
        const summands = step.terms.map(({ value }) => read(value))
        const [other, before] = isLast(summands[1]) ? summands : summands.toReversed()
        if (!isLast(before)) throw refuse('does not follow a layer that it adds')
        if (summands.some(({ layer }) => !isAffine(layers[layer]))) throw refuse('adds what no affine layer makes')
        return add({ kind: 'add', other: other.layer }, before)
      }
      if (step.kind === 'sparse' || step.kind === 'refused') throw refuse('is not a layer of such a network')
      const from = read(step.value)
      if (step.kind !== 'convolution' && !isLast(from)) throw refuse('does not read the layer before it')
      if (step.kind === 'relu') {
        if (!isAffine(layers[from.layer])) throw refuse('does not follow an affine layer')
        return add({ kind: 'relu' }, from)
      }
      const { weights, bias } = step
      if (![weights, bias].every(isSingle)) throw refuse('has folded weights that are not 32-bit floats')
      parameters.push(weights, bias)
      if (step.kind === 'dense') {
        const flat = from.isVector ? from : add({ kind: 'flatten' }, from, true)
        return add({ kind: 'linear', outFeatures: step.size }, flat)
      }
      const { input: seen, outChannels, kernel, stride, padding, dilation, groups } = step.shape
      const { shape } = from
      if (seen.join() !== [shape.channels, shape.height, shape.width].join()) throw refuse('reads what was reshaped')
      if (groups !== 1) throw refuse(`has ${groups} groups`)
      if (dilation.some((d, axis) => d !== 1 && kernel[axis] > 1)) throw refuse('has dilations')
      if (kernel[0] !== kernel[1]) throw refuse(`has a kernel of ${kernel.join(' × ')}`)
      if (stride[0] !== stride[1]) throw refuse(`has strides of ${stride.join(' × ')}`)
      if (padding.some((p) => p !== padding[0])) throw refuse(`has pads that differ: [${padding}]`)
      const options = { kernel: kernel[0], stride: stride[0], padding: padding[0] }
      return add(
        { kind: 'convolution', outChannels, ...options, ...(!isLast(from) && { from: from.layer }) },
        from,
        false,
      )
    }
    values.set(count + i + 1, make())
  })
  const last = steps.at(-1)!
  if (last.kind === 'relu' || parameters.length === 0)
    throw new Misfit(`${last.label} comes last: no affine layer does`)
  return { architecture: checked({ name, input, layers }), parameters: join(parameters) }
}

/** @throws Misfit for what only the whole shows */
function checked(architecture: Architecture): Architecture {
  try {
    planStages(architecture)
    return architecture
  } catch (error) {
    if (error instanceof RangeError) throw new Misfit(error.message)
    throw error
  }
}

const isAffine = (layer: Layer | undefined): boolean =>
  layer !== undefined && ['convolution', 'linear', 'add'].includes(layer.kind)

/** Whether it is the plain sum of two values of its own length. */
function isSum({ size, terms, shift }: Selection & { readonly size: number }): boolean {
  if (terms.length !== 2) return false
  for (let o = 0; o < size; o++) {
    if (shift(o) !== 0 || terms.some(({ source, factor }) => source(o) !== o || factor(o) !== 1)) return false
  }
  return true
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
