/** Which imported networks are made of our layers in a way that the engine takes, and their parameters. */
import { UserError } from '../../base/errors.ts'
import type { Layer, Shape } from '../../model/layers.ts'
import { outputShape, sizeOf } from '../../model/layers.ts'
import type { ConvolutionShape } from '../../model/convolution-shape.ts'
import type { Network } from '../../model/network.ts'
import { planStages } from '../../model/stages.ts'
import { type Selection, type Step, type Weights, valuesOf } from './steps.ts'

interface Layered {
  /** Undefined if some layer does not fit, or its weights are not 32-bit floats. */
  readonly network: Network | undefined
  /** The same with weights rounded to 32-bit floats. Undefined if some layer does not fit. */
  readonly rounded: Network | undefined
  /** Why there is no network. */
  readonly misfit: string | undefined
}

/** A layer that does not fit. */
class Misfit extends Error {}

/**
 * The network of these steps: a normalisation (a subtraction and a division per channel, both optional), then
 * convolutions, which may read any value before, linear layers, average pools and ReLUs, each reading the one before, and
 * sums of the one before and any other. Scales and shifts per channel right behind a layer, such as those of batch
 * normalisation, are folded into it.
 * @param inputShape without the batch
 */
export function layeredOf(name: string, inputShape: readonly number[], steps: readonly Step[]): Layered {
  try {
    const { network, misfit } = assemble(name, inputShape, steps)
    return { network: misfit === undefined ? network : undefined, rounded: network, misfit }
  } catch (error) {
    if (error instanceof Misfit) return { network: undefined, rounded: undefined, misfit: error.message }
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

/** Weights and biases of a layer. */
interface Affine {
  readonly label: string
  readonly weights: Weights
  readonly bias: Float64Array
}

function assemble(
  name: string,
  inputShape: readonly number[],
  steps: readonly Step[],
): { readonly network: Network; readonly misfit: string | undefined } {
  if (inputShape.length > 3) throw new Misfit(`the input has the shape [${inputShape}]`)
  const [channels, height, width] = inputShape.length < 2 ? [inputShape[0] ?? 1, 1, 1] : [1, ...inputShape].slice(-3)
  const input = { channels, height, width }
  const layers: Layer[] = []
  /** By layer. */
  const affine = new Map<number, Affine>()
  const add = (layer: Layer, from: Made, isVector = from.isVector): Made => {
    const shape = fitting(() => outputShape(layer, from.shape))
    return { layer: layers.push(layer) - 1, shape, isVector }
  }
  const image: Made = { layer: -1, shape: input, isVector: inputShape.length < 2 }
  const { layer: normalise, count } = normaliseOf(steps, input)
  const first = normalise ? add(normalise, image) : image
  /** The operators that made the layers. */
  const labels = layers.map(() => steps[0].label)
  // by value; those that only normalise are read by nothing else
  const values = new Map([[count, first]])
  const readers = readersOf(steps)
  steps.slice(count).forEach((step, i) => {
    const refuse = (what: string) => new Misfit(`${step.label} ${what}`)
    const read = (value: number): Made => {
      const made = values.get(value)
      if (!made) throw refuse('does not read the layer before it')
      return made
    }
    const isLast = ({ layer }: Made) => layer === layers.length - 1
    const readLast = (value: number): Made => {
      const made = read(value)
      if (!isLast(made)) throw refuse('does not read the layer before it')
      return made
    }
    const make = (): Made => {
      switch (step.kind) {
        case 'refused':
          throw refuse('is not a layer of such a network')
        case 'selection': {
          if (step.terms.length === 1) {
            const from = read(step.terms[0].value)
            const before = affine.get(from.layer)
            const isWhole = step.size === sizeOf(from.shape)
            const isAlone = readers(step.terms[0].value) === 1 && isLast(from)
            const scaled = before && isWhole && isAlone && rescaled(before, step)
            if (!scaled) throw refuse('is not a layer of such a network')
            affine.set(from.layer, scaled)
            return from
          }
          if (!isSum(step)) throw refuse('is not a layer of such a network')
          const summands = step.terms.map(({ value }) => read(value))
          if (summands.some(({ shape }) => sizeOf(shape) !== step.size)) throw refuse('adds parts of layers')
          const [other, before] = isLast(summands[1]) ? summands : summands.toReversed()
          if (!isLast(before)) throw refuse('does not follow a layer that it adds')
          return add({ kind: 'add', other: other.layer }, before)
        }
        case 'sparse': {
          if (!step.pools) throw refuse('is not a layer of such a network')
          const from = readLast(step.value)
          requireImages(step.pools.seen, from.shape, refuse)
          return add({ kind: 'averagePool', ...step.pools.window }, from)
        }
        case 'relu': {
          const from = readLast(step.value)
          if (!isAffine(layers[from.layer])) throw refuse('does not follow an affine layer')
          return add({ kind: 'relu' }, from)
        }
        case 'dense': {
          const from = readLast(step.value)
          const flat = from.isVector ? from : add({ kind: 'flatten' }, from, true)
          affine.set(layers.length, step)
          return add({ kind: 'linear', outFeatures: step.size }, flat)
        }
        case 'convolution': {
          const from = read(step.value)
          const options = optionsOf(step.shape, from.shape, refuse)
          affine.set(layers.length, step)
          return add({ kind: 'convolution', ...options, ...(!isLast(from) && { from: from.layer }) }, from, false)
        }
      }
    }
    const made = make()
    // a layer has all of its outputs: what follows may read a part of them
    if (sizeOf(made.shape) !== step.size) throw refuse('has another number of values than such a layer')
    values.set(count + i + 1, made)
    while (labels.length < layers.length) labels.push(step.label)
  })
  const last = steps.at(-1)!
  if (last.kind === 'relu' || affine.size === 0) throw new Misfit(`${last.label} comes last: no affine layer does`)
  const architecture = { name, input, layers }
  // which counts layers as we do, and the file has operators
  fitting(
    () => planStages(architecture),
    (message) =>
      message.replace(/layer (\d+)/g, (_, i) => labels[Number(i)]).replace(/^the last/, `${last.label}: the last`),
  )
  const folded = [...affine.values()].find(({ weights, bias }) => ![weights, bias].every(isSingle))
  return {
    network: { architecture, parameters: join([...affine.values()].flatMap(({ weights, bias }) => [weights, bias])) },
    misfit: folded && `${folded.label} has folded weights that are not 32-bit floats`,
  }
}

/** How many steps read a value. */
function readersOf(steps: readonly Step[]): (value: number) => number {
  const counts = new Map<number, number>()
  for (const value of steps.flatMap((step) => valuesOf(step))) counts.set(value, (counts.get(value) ?? 0) + 1)
  return (value) => counts.get(value) ?? 0
}

/** A reshape is no layer: what reads its images must find them as the layer before has made them. */
function requireImages(seen: readonly number[], { channels, height, width }: Shape, refuse: (what: string) => Misfit) {
  if (seen.join() !== [channels, height, width].join()) throw refuse('reads what was reshaped')
}

function optionsOf(shape: ConvolutionShape, from: Shape, refuse: (what: string) => Misfit) {
  const { input: seen, outChannels, kernel, stride, padding, dilation, groups } = shape
  requireImages(seen, from, refuse)
  if (dilation.some((d, axis) => d !== 1 && kernel[axis] > 1)) throw refuse('has dilations')
  if (kernel[0] !== kernel[1]) throw refuse(`has a kernel of ${kernel.join(' × ')}`)
  if (stride[0] !== stride[1]) throw refuse(`has strides of ${stride.join(' × ')}`)
  if (padding.some((p) => p !== padding[0])) throw refuse(`has pads that differ: [${padding}]`)
  const window = { kernel: kernel[0], stride: stride[0], padding: padding[0] }
  return { outChannels, ...window, ...(groups > 1 && { groups }) }
}

/** The layer with a scale and a shift behind it for all its outputs, in float64. Undefined if they differ within a channel. */
function rescaled({ label, weights, bias }: Affine, step: Selection & { readonly size: number }): Affine | undefined {
  const [{ source, factor }] = step.terms as [Selection['terms'][number]]
  const area = step.size / bias.length
  for (let o = 0; o < step.size; o++) {
    const start = Math.floor(o / area) * area
    if (source(o) !== o || factor(o) !== factor(start) || step.shift(o) !== step.shift(start)) return undefined
  }
  const perChannel = weights.length / bias.length
  const scaled = new Float64Array(weights.length)
  for (let i = 0; i < scaled.length; i++) scaled[i] = weights[i] * factor(Math.floor(i / perChannel) * area)
  return {
    label,
    weights: scaled,
    bias: bias.map((b, c) => b * factor(c * area) + step.shift(c * area)),
  }
}

const isAffine = (layer: Layer | undefined): boolean =>
  layer !== undefined && ['convolution', 'linear', 'averagePool', 'add'].includes(layer.kind)

/** @throws Misfit for a layer that cannot take what it gets */
function fitting<T>(make: () => T, inWords = (message: string) => message): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof UserError) throw new Misfit(inWords(error.message))
    throw error
  }
}

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
