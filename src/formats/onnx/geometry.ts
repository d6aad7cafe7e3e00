/** Windows that move over an image of any number of dimensions: where they lie, and what they cover. */
import type { Call } from './call.ts'
import { elementsOf, stridesOf } from './shape.ts'
import type { Value } from './steps.ts'

/** A window along one dimension of the image. */
export interface Axis {
  /** Size of the image. */
  readonly input: number
  readonly kernel: number
  readonly stride: number
  readonly dilation: number
  /** Padding on both sides. */
  readonly before: number
  readonly after: number
}

/** An input of [1, channels, ...sizes]. */
export function imageOf(call: Call): Value {
  const value = call.value(0)
  const { shape } = value
  if (shape.length >= 3 && shape[0] === 1) return value
  throw call.refuse(`is supported for [1, channels, width] and more dimensions, not [${shape}]`)
}

/** From the attributes of a node: strides, dilations, pads and auto_pad. */
export function axesOf(call: Call, value: Value, kernel: readonly number[]): Axis[] {
  const sizes = value.shape.slice(2)
  const { strides, dilations } = stepsOf(call, value, kernel)
  const pads = listOf(call, value, 'pads', 0, 2 * sizes.length)
  const automatic = autoPadOf(call)
  if (automatic.startsWith('SAME') && dilations.some((d) => d !== 1)) {
    throw call.refuse(`has dilations with auto_pad '${automatic}': give it pads instead`)
  }
  return sizes.map((input, i) => {
    const axis = { input, kernel: kernel[i], stride: strides[i], dilation: dilations[i] }
    if (automatic === 'NOTSET') return { ...axis, before: pads[i], after: pads[i + sizes.length] }
    if (automatic === 'VALID') return { ...axis, before: 0, after: 0 }
    const total = (Math.ceil(input / axis.stride) - 1) * axis.stride + axis.kernel - input
    // Runtimes differ where windows leave something out: some cut the image.
    if (total < 0) throw call.refuse(`has strides beyond its kernel with auto_pad '${automatic}': give it pads instead`)
    const before = automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)
    return { ...axis, before, after: total - before }
  })
}

/** @throws UserError unless there is one kernel size, stride and dilation for each dimension of the image */
export function stepsOf(call: Call, value: Value, kernel: readonly number[]) {
  const rank = value.shape.length - 2
  if (kernel.length !== rank || !kernel.every((size) => size >= 1)) {
    throw call.refuse(`has a kernel of [${kernel}] for a value of [${value.shape}]`)
  }
  return { strides: listOf(call, value, 'strides', 1, rank), dilations: listOf(call, value, 'dilations', 1, rank) }
}

export function listOf(call: Call, value: Value, name: string, least: number, length: number): readonly number[] {
  const sizes = call.list(name) ?? Array.from({ length }, () => least)
  if (sizes.length === length && sizes.every((size) => size >= least)) return sizes
  throw call.refuse(`has ${name} [${sizes}] for a value of [${value.shape}]`)
}

export function autoPadOf(call: Call): string {
  const automatic = call.text('auto_pad', 'NOTSET')
  if (['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(automatic)) return automatic
  throw call.refuse(`has auto_pad '${automatic}', which is not known`)
}

export const reachOf = ({ kernel, dilation }: Axis): number => dilation * (kernel - 1) + 1

/** How many places the window has along each axis. @throws UserError if there is none */
export function countsOf(call: Call, axes: readonly Axis[]): number[] {
  const counts = axes.map((axis) => {
    const { input, before, after, stride } = axis
    return Math.floor((input + before + after - reachOf(axis)) / stride) + 1
  })
  if (counts.every((n) => n >= 1)) return counts
  const [kernel, sizes] = [axes.map((axis) => axis.kernel), axes.map(({ input }) => input)]
  throw call.refuse(`has a window of [${kernel}] that does not fit into [${sizes}]`)
}

/** An element of the kernel over an element of the image, along one axis or as indices of all. */
export interface Tap {
  readonly kernel: number
  readonly image: number
}

/** Per place of the window along an axis: what it covers inside the image. */
export const coveredAlong = ({ input, kernel, stride, dilation, before }: Axis, count: number): Tap[][] =>
  Array.from({ length: count }, (_, o) =>
    Array.from({ length: kernel }, (_, k) => ({ kernel: k, image: o * stride - before + k * dilation })).filter(
      ({ image }) => image >= 0 && image < input,
    ),
  )

/**
 * Per place of the window, row-major: what it covers inside the image.
 * @param along the same for each axis
 */
export function tapsOf(call: Call, axes: readonly Axis[], along: readonly Tap[][][]): Tap[][] {
  const kernelStrides = stridesOf(axes.map(({ kernel }) => kernel))
  const imageStrides = stridesOf(axes.map(({ input }) => input))
  call.steps.spend(2 * entriesOf(along), call.label)
  return along.reduce<Tap[][]>(
    (places, lists, i) =>
      places.flatMap((taps) =>
        lists.map((list) =>
          taps.flatMap(({ kernel, image }) =>
            list.map((tap) => ({
              kernel: kernel + tap.kernel * kernelStrides[i],
              image: image + tap.image * imageStrides[i],
            })),
          ),
        ),
      ),
    [[{ kernel: 0, image: 0 }]],
  )
}

/** The number of taps of all places together. */
export const entriesOf = (along: readonly Tap[][][]): number =>
  elementsOf(along.map((lists) => lists.reduce((sum, { length }) => sum + length, 0)))
