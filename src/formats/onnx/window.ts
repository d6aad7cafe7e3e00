/** Operators that move a window over an image, or extend it: convolution, average pooling, padding. */
import { type ConvolutionShape, convolutionSize } from '../../networks/linear-map.ts'
import type { Call, Operator } from './call.ts'
import { elementsOf, stridesOf } from './shape.ts'
import type { Value } from './steps.ts'

/** Extents along height and width, of 1 and the width for a signal of one dimension. */
type Pair = [number, number]

export const conv: Operator = (call) => {
  const value = imageOf(call)
  const { data, shape } = call.constant(1)
  const [outChannels, perGroup, ...kernel] = shape
  const groups = call.wholeNumber('group', 1)
  const channels = value.shape[1]
  if (shape.length !== value.shape.length || !(groups >= 1) || outChannels % groups || perGroup * groups !== channels) {
    throw call.refuse(`has weights of [${shape}] in ${groups} groups for a value of [${value.shape}]`)
  }
  const window = windowOf(call, value, call.list('kernel_shape') ?? kernel)
  if (window.kernel.join() !== toPair(kernel, 1).join()) throw call.refuse(`has a kernel that its weights have not`)
  const geometry: ConvolutionShape = { ...window, outChannels, groups }
  const biases = call.input(2) ? call.constant(2) : undefined
  if (biases && biases.data.length !== outChannels) {
    throw call.refuse(`has [${biases.shape}] biases for ${outChannels} channels`)
  }
  const bias = biases ? Float64Array.from(biases.data) : new Float64Array(outChannels)
  const made = outputOf(value, outChannels, sizeOf(call, geometry))
  const size = elementsOf(made)
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

export const averagePool: Operator = (call) => {
  const value = imageOf(call)
  const kernel = call.list('kernel_shape')
  if (!kernel) throw call.refuse('has no kernel_shape')
  const window = windowOf(call, value, kernel)
  const size = sizeOf(call, window)
  if (call.wholeNumber('ceil_mode', 0) !== 0) {
    const more = sizeOf(call, { ...window, padding: roundedUp(window) })
    if (more.join() !== size.join()) throw call.refuse('has windows that reach beyond the padding (ceil_mode = 1)')
  }
  return average(call, value, window, size, call.wholeNumber('count_include_pad', 0) !== 0)
}

export const globalAveragePool: Operator = (call) => {
  const value = imageOf(call)
  const kernel = toPair(value.shape.slice(2), 1)
  const input = [value.shape[1], ...kernel] as const
  const window: Window = { input, kernel, stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] }
  return average(call, value, window, [1, 1], false)
}

type Window = Omit<ConvolutionShape, 'outChannels' | 'groups'>

/** Padding after which the last window, cut off or not, lies within the image. */
const roundedUp = ({ padding, stride }: Window): [number, number, number, number] => [
  padding[0],
  padding[1],
  padding[2] + stride[0] - 1,
  padding[3] + stride[1] - 1,
]

/** An input of [1, channels, length] or [1, channels, height, width]. */
function imageOf(call: Call): Value {
  const value = call.value(0)
  const { shape } = value
  if ((shape.length === 3 || shape.length === 4) && shape[0] === 1) return value
  throw call.refuse(`is supported for [1, channels, width] and [1, channels, height, width], not [${shape}]`)
}

const toPair = (sizes: readonly number[], otherwise: number): Pair =>
  sizes.length === 1 ? [otherwise, sizes[0]] : [sizes[0], sizes[1]]

const outputOf = ({ shape }: Value, channels: number, [height, width]: Pair): number[] =>
  shape.length === 3 ? [1, channels, width] : [1, channels, height, width]

function windowOf(call: Call, value: Value, kernelSizes: readonly number[]): Window {
  const rank = value.shape.length - 2
  const list = (name: string, sizes: readonly number[], least: number, length = rank) => {
    if (sizes.length !== length || sizes.some((size) => !(size >= least))) {
      throw call.refuse(`has ${name} [${sizes}] for a value of [${value.shape}]`)
    }
    return sizes
  }
  const ones = Array.from({ length: rank }, () => 1)
  const kernel = toPair(list('a kernel of', kernelSizes, 1), 1)
  const stride = toPair(list('strides', call.list('strides') ?? ones, 1), 1)
  const dilation = toPair(list('dilations', call.list('dilations') ?? ones, 1), 1)
  const given = list('pads', call.list('pads') ?? [...ones, ...ones].map(() => 0), 0, 2 * rank)
  const before = toPair(given.slice(0, rank), 0)
  const after = toPair(given.slice(rank), 0)
  const input = toPair(value.shape.slice(2), 1)
  const automatic = call.text('auto_pad', 'NOTSET')
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(automatic)) {
    throw call.refuse(`has auto_pad '${automatic}', which is not known`)
  }
  if (automatic.startsWith('SAME') && dilation.some((d) => d !== 1)) {
    throw call.refuse(`has dilations with auto_pad '${automatic}': give it pads instead`)
  }
  if (automatic !== 'NOTSET') {
    for (const axis of [0, 1]) {
      const outputs = Math.ceil(input[axis] / stride[axis])
      const covered = (outputs - 1) * stride[axis] + kernel[axis]
      // Runtimes differ where windows leave something out: some cut the image.
      if (automatic !== 'VALID' && covered < input[axis]) {
        throw call.refuse(`has strides beyond its kernel with auto_pad '${automatic}': give it pads instead`)
      }
      const total = automatic === 'VALID' ? 0 : covered - input[axis]
      const less = Math.floor(total / 2)
      before[axis] = automatic === 'SAME_UPPER' ? less : total - less
      after[axis] = total - before[axis]
    }
  }
  return { input: [value.shape[1], ...input], kernel, stride, dilation, padding: [...before, ...after] }
}

/** Height and width of what the window makes. */
function sizeOf(call: Call, window: Window): Pair {
  const size = convolutionSize({ ...window, outChannels: 1, groups: 1 })
  if (size.some((n) => !(n >= 1))) {
    throw call.refuse(`has a window of [${window.kernel}] that does not fit into [${window.input.slice(1)}]`)
  }
  return size
}

/** @param padded whether zeros of the padding count as elements */
function average(call: Call, value: Value, window: Window, [height, width]: Pair, padded: boolean): Value {
  const { input, kernel, stride, dilation, padding } = window
  const [channels, ...image] = input
  const extent = (axis: number) => dilation[axis % 2] * (kernel[axis % 2] - 1) + 1
  if (padding.some((p, axis) => p >= extent(axis))) throw call.refuse('averages windows of padding alone')
  /** Positions along an axis that each window covers inside the image. */
  const covered = (axis: 0 | 1, count: number) =>
    Array.from({ length: count }, (_, o) =>
      Array.from({ length: kernel[axis] }, (_, k) => o * stride[axis] - padding[axis] + k * dilation[axis]).filter(
        (at) => at >= 0 && at < image[axis],
      ),
    )
  call.steps.spend(16 * (height * (kernel[0] + 1) + width * (kernel[1] + 1)), call.label)
  const [rows, columns] = [covered(0, height), covered(1, width)]
  const count = (parts: number[][]) => parts.reduce((sum, { length }) => sum + length, 0)
  if ([...rows, ...columns].some(({ length }) => length === 0)) throw call.refuse('averages windows of padding alone')
  const entries = channels * count(rows) * count(columns)
  const made = outputOf(value, channels, [height, width])
  const size = elementsOf(made)
  const sparseRows = () => {
    const start = new Int32Array(size + 1)
    const source = new Int32Array(entries)
    const weight = new Float64Array(entries)
    let [o, at] = [0, 0]
    for (let c = 0; c < channels; c++) {
      for (const ys of rows) {
        for (const xs of columns) {
          const share = 1 / (padded ? kernel[0] * kernel[1] : ys.length * xs.length)
          for (const y of ys) {
            for (const x of xs) {
              source[at] = (c * image[0] + y) * image[1] + x
              weight[at++] = share
            }
          }
          start[++o] = at
        }
      }
    }
    return { inputs: channels * image[0] * image[1], start, source, weight }
  }
  const step = { kind: 'sparse', label: call.label, size, value: value.id, rows: sparseRows } as const
  return call.steps.add(step, made, 2 * (size + entries))
}

export const pad: Operator = (call) => {
  const value = call.value(0)
  const { shape } = value
  const mode = call.text('mode', 'constant')
  if (mode !== 'constant') throw call.refuse(`pads by '${mode}': only constant padding is supported`)
  const old = call.opset < 11
  const given = (old ? call.list('pads') : call.wholeNumbers(1)) ?? []
  const axes = (old ? undefined : call.wholeNumbers(3))?.map((axis) => call.axis(axis, shape.length)) ?? [
    ...shape.keys(),
  ]
  if (given.length !== 2 * axes.length || new Set(axes).size !== axes.length) {
    throw call.refuse(`has pads [${given}] for the axes [${axes}] of a value of [${shape}]`)
  }
  const fill = old ? call.number('value', 0) : call.input(2) ? (call.constant(2).data[0] ?? 0) : 0
  if (!Number.isFinite(fill)) throw call.refuse(`pads with ${fill}`)
  const before = shape.map(() => 0)
  const padded = [...shape]
  axes.forEach((axis, i) => {
    before[axis] = given[i]
    padded[axis] += given[i] + given[i + axes.length]
  })
  if (padded.some((size) => !(size >= 1))) throw call.refuse(`makes nothing: a value of [${padded}]`)
  const own = stridesOf(shape)
  const outer = stridesOf(padded)
  const source = (o: number) => {
    let at = 0
    for (let i = 0; i < shape.length; i++) {
      const coordinate = (Math.floor(o / outer[i]) % padded[i]) - before[i]
      if (coordinate < 0 || coordinate >= shape[i]) return -1
      at += coordinate * own[i]
    }
    return at
  }
  const size = elementsOf(padded)
  const terms = [{ value: value.id, source, factor: () => 1 }]
  const shift = (o: number) => (source(o) < 0 ? fill : 0)
  return call.steps.add({ kind: 'selection', label: call.label, size, terms, shift }, padded, 3 * size)
}
