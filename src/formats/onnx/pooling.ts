/** Operators that take the average or the largest element of a window: the padding is no element of the image. */
import type { Call, Operator } from './call.ts'
import { extreme } from './extremes.ts'
import { type Axis, type Tap, axesOf, countsOf, coveredAlong, entriesOf, imageOf, reachOf, tapsOf } from './geometry.ts'
import { sums } from './reduction.ts'
import { elementsOf } from './shape.ts'
import type { Value, Window } from './steps.ts'

interface Pooling {
  readonly value: Value
  readonly axes: readonly Axis[]
  /** What is covered at every place, along each axis. */
  readonly along: readonly Tap[][][]
  /** Whether windows reach beyond the padding. */
  readonly beyond: boolean
}

function poolingOf(call: Call): Pooling {
  const value = imageOf(call)
  const kernel = call.list('kernel_shape')
  if (!kernel) throw call.refuse('has no kernel_shape')
  const axes = axesOf(call, value, kernel)
  const within = countsOf(call, axes)
  const counts = call.wholeNumber('ceil_mode', 0) === 0 ? within : within.map((count, i) => roundedUp(axes[i], count))
  const beyond = counts.some((count, i) => count > within[i])
  if (beyond && call.text('auto_pad', 'NOTSET') !== 'NOTSET')
    throw call.refuse('has ceil_mode and auto_pad: give it pads')
  const along = alongOf(call, axes, counts)
  if (along.flat().some(({ length }) => length === 0)) throw call.refuse('has windows of padding alone')
  return { value, axes, along, beyond }
}

function alongOf(call: Call, axes: readonly Axis[], counts: readonly number[]): Tap[][][] {
  call.steps.spend(
    axes.reduce((sum, { kernel }, i) => sum + 16 * counts[i] * (kernel + 1), 0),
    call.label,
  )
  return axes.map((axis, i) => coveredAlong(axis, counts[i]))
}

/** A last window that is cut off counts, if it begins inside the image or before it. */
function roundedUp(axis: Axis, count: number): number {
  const { input, before, after, stride } = axis
  const more = Math.ceil((input + before + after - reachOf(axis)) / stride) + 1
  return more > count && count * stride < input + before ? more : count
}

function global(call: Call): Pooling {
  const value = imageOf(call)
  const axes = value.shape
    .slice(2)
    .map((size) => ({ input: size, kernel: size, stride: 1, dilation: 1, before: 0, after: 0 }))
  const along = alongOf(
    call,
    axes,
    axes.map(() => 1),
  )
  return { value, axes, along, beyond: false }
}

export const averagePool: Operator = (call) => {
  const pooling = poolingOf(call)
  const padded = call.wholeNumber('count_include_pad', 0) !== 0
  if (padded && pooling.beyond)
    throw call.refuse('counts what lies beyond its padding (ceil_mode = 1): runtimes differ')
  return average(call, pooling, padded)
}

export const globalAveragePool: Operator = (call) => average(call, global(call), false)

/** @param padded whether zeros of the padding count as elements */
function average(call: Call, pooling: Pooling, padded: boolean): Value {
  const made = averages(call, pooling, padded)
  const window = windowOf(pooling, padded)
  if (window) call.steps.pools(made, { window, seen: pooling.value.shape.slice(1) })
  return made
}

/** The window of an average as our layers take it: a square one, in which the padding counts if there is any. */
function windowOf({ axes, beyond }: Pooling, padded: boolean): Window | undefined {
  const [{ kernel, stride, before: padding }] = axes as [Axis]
  const isSame = axes.every(
    (axis) =>
      axis.kernel === kernel &&
      axis.stride === stride &&
      axis.before === padding &&
      axis.after === padding &&
      (axis.dilation === 1 || kernel === 1),
  )
  return axes.length === 2 && isSame && !beyond && (padded || padding === 0) ? { kernel, stride, padding } : undefined
}

function averages(call: Call, { value, axes, along }: Pooling, padded: boolean): Value {
  const channels = value.shape[1]
  const plane = elementsOf(axes.map(({ input }) => input))
  const full = elementsOf(axes.map(({ kernel }) => kernel))
  const taps = tapsOf(call, axes, along)
  return sums(call, value, outputShape(channels, along), channels * entriesOf(along), (o, add) => {
    const covered = taps[o % taps.length]
    const first = Math.floor(o / taps.length) * plane
    for (const { image } of covered) add(first + image, 1 / (padded ? full : covered.length))
  })
}

export const maxPool: Operator = (call) => {
  // the order of further outputs, which no node reads
  call.wholeNumber('storage_order', 0)
  return maximum(call, poolingOf(call))
}

export const globalMaxPool: Operator = (call) => maximum(call, global(call))

function maximum(call: Call, { value, axes, along }: Pooling): Value {
  const channels = value.shape[1]
  const plane = elementsOf(axes.map(({ input }) => input))
  const taps = tapsOf(call, axes, along)
  const groups = Array.from({ length: channels * taps.length }, (_, o) =>
    Int32Array.from(taps[o % taps.length], ({ image }) => Math.floor(o / taps.length) * plane + image),
  )
  return extreme(call, value, outputShape(channels, along), groups, 1)
}

const outputShape = (channels: number, along: readonly Tap[][][]): number[] => [
  1,
  channels,
  ...along.map(({ length }) => length),
]
