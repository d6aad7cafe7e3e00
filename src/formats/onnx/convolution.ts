/** Convolutions over images of any number of dimensions, and transposed ones. */
import type { ConvolutionShape } from '../../model/convolution-shape.ts'
import type { Call, Operator } from './call.ts'
import {
  type Axis,
  type Tap,
  autoPadOf,
  axesOf,
  countsOf,
  coveredAlong,
  entriesOf,
  imageOf,
  listOf,
  stepsOf,
  tapsOf,
} from './geometry.ts'
import { sums } from './reduction.ts'
import { elementsOf } from './shape.ts'
import type { Value } from './steps.ts'

export const conv: Operator = (call) => {
  const value = imageOf(call)
  const { data, shape } = call.constant(1)
  const [outChannels, perGroup, ...kernel] = shape
  const groups = call.wholeNumber('group', 1)
  const channels = value.shape[1]
  if (shape.length !== value.shape.length || !(groups >= 1) || outChannels % groups || perGroup * groups !== channels) {
    throw call.refuse(`has weights of [${shape}] in ${groups} groups for a value of [${value.shape}]`)
  }
  const axes = axesOf(call, value, kernelOf(call, kernel))
  const counts = countsOf(call, axes)
  const bias = biasOf(call, outChannels)
  const made = [1, outChannels, ...counts]
  const size = elementsOf(made)
  if (axes.length <= 2) {
    const geometry = flatShape(axes, { channels, outChannels, groups })
    const step = {
      kind: 'convolution',
      label: call.label,
      size,
      value: value.id,
      weights: data,
      shape: geometry,
      bias,
    } as const
    return call.steps.add(step, made, size)
  }
  const along = axes.map((axis, i) => coveredAlong(axis, counts[i]))
  const taps = tapsOf(call, axes, along)
  const [plane, kernelSize] = [elementsOf(value.shape.slice(2)), elementsOf(kernel)]
  const count = outChannels * perGroup * entriesOf(along)
  return sums(
    call,
    value,
    made,
    count,
    (o, add) => {
      const out = Math.floor(o / taps.length)
      const first = Math.floor((out * groups) / outChannels) * perGroup
      for (let c = 0; c < perGroup; c++) {
        for (const { kernel: k, image } of taps[o % taps.length]) {
          add((first + c) * plane + image, data[(out * perGroup + c) * kernelSize + k])
        }
      }
    },
    (o) => bias[Math.floor(o / taps.length)],
  )
}

/** A signal of one dimension is an image of one line. */
function flatShape(
  axes: readonly Axis[],
  { channels, outChannels, groups }: { channels: number; outChannels: number; groups: number },
): ConvolutionShape {
  const line: Axis = { input: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0 }
  const [y, x] = axes.length === 1 ? [line, axes[0]] : axes
  return {
    input: [channels, y.input, x.input],
    outChannels,
    kernel: [y.kernel, x.kernel],
    stride: [y.stride, x.stride],
    dilation: [y.dilation, x.dilation],
    padding: [y.before, x.before, y.after, x.after],
    groups,
  }
}

function kernelOf(call: Call, kernel: readonly number[]): readonly number[] {
  const given = call.list('kernel_shape') ?? kernel
  if (given.join() !== kernel.join()) throw call.refuse('has a kernel that its weights have not')
  return kernel
}

function biasOf(call: Call, channels: number): Float64Array {
  const given = call.input(2) ? call.constant(2) : undefined
  if (given && given.data.length !== channels) throw call.refuse(`has [${given.shape}] biases for ${channels} channels`)
  return given ? Float64Array.from(given.data) : new Float64Array(channels)
}

/** Every element of the image puts the kernel, times itself, into the output; what overlaps is added. */
export const convTranspose: Operator = (call) => {
  const value = imageOf(call)
  const { data, shape } = call.constant(1)
  const [channels, outPerGroup, ...kernel] = shape
  const groups = call.wholeNumber('group', 1)
  if (shape.length !== value.shape.length || !(groups >= 1) || channels % groups || channels !== value.shape[1]) {
    throw call.refuse(`has weights of [${shape}] in ${groups} groups for a value of [${value.shape}]`)
  }
  const { axes, counts } = transposedAxes(call, value, kernelOf(call, kernel))
  const outChannels = outPerGroup * groups
  const bias = biasOf(call, outChannels)
  const along = axes.map((axis, i) => reachedAlong(axis, counts[i]))
  const taps = tapsOf(call, axes, along)
  const perGroup = channels / groups
  const [plane, kernelSize] = [elementsOf(value.shape.slice(2)), elementsOf(kernel)]
  const count = outChannels * perGroup * entriesOf(along)
  return sums(
    call,
    value,
    [1, outChannels, ...counts],
    count,
    (o, add) => {
      const out = Math.floor(o / taps.length)
      const first = Math.floor(out / outPerGroup) * perGroup
      for (let c = first; c < first + perGroup; c++) {
        for (const { kernel: k, image } of taps[o % taps.length]) {
          add(c * plane + image, data[(c * outPerGroup + (out % outPerGroup)) * kernelSize + k])
        }
      }
    },
    (o) => bias[Math.floor(o / taps.length)],
  )
}

/** The padding is what is cut off from the output. */
function transposedAxes(call: Call, value: Value, kernel: readonly number[]): { axes: Axis[]; counts: number[] } {
  const sizes = value.shape.slice(2)
  const { strides, dilations } = stepsOf(call, value, kernel)
  const more = listOf(call, value, 'output_padding', 0, sizes.length)
  const pads = listOf(call, value, 'pads', 0, 2 * sizes.length)
  const automatic = autoPadOf(call)
  const wanted = call.list('output_shape')?.slice(-sizes.length)
  const counts: number[] = []
  const axes = sizes.map((input, i) => {
    const axis = { input, kernel: kernel[i], stride: strides[i], dilation: dilations[i] }
    const full = axis.stride * (input - 1) + more[i] + axis.dilation * (axis.kernel - 1) + 1
    const size = wanted?.[i] ?? (automatic.startsWith('SAME') ? input * axis.stride : undefined)
    const [begin, end] = automatic === 'VALID' ? [0, 0] : [pads[i], pads[i + sizes.length]]
    const total = size === undefined ? begin + end : full - size
    if (total < 0) throw call.refuse(`has an output_shape [${wanted}] beyond what it makes`)
    const half = automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)
    const before = size === undefined ? begin : half
    counts.push(full - total)
    return { ...axis, before, after: total - before }
  })
  if (!counts.every((count) => count >= 1)) throw call.refuse(`makes nothing: an image of [${counts}]`)
  return { axes, counts }
}

/** Per place of the output along an axis: the elements of the image whose kernel reaches it. */
const reachedAlong = ({ input, kernel, stride, dilation, before }: Axis, count: number): Tap[][] =>
  Array.from({ length: count }, (_, o) =>
    Array.from({ length: kernel }, (_, k) => ({ kernel: k, image: (o + before - k * dilation) / stride })).filter(
      ({ image }) => Number.isInteger(image) && image >= 0 && image < input,
    ),
  )
