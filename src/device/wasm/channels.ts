/** Whole channels of a chunk's values, [channel][place][example], for batch normalisation. */
import type { Engine } from './engine.ts'
import type { Floats } from './pointers.ts'
import type { Tensor } from '../tape.ts'

/**
 * Per channel, Σ x and Σ x·y over places and examples.
 * @param x as many floats as y has, its gradient's say
 */
export function channelSums(
  engine: Engine,
  channels: number,
  x: Floats,
  y: Tensor,
): { readonly sums: Float64Array; readonly products: Float64Array } {
  const results = engine.doubles(2 * channels)
  engine.kernels.channelSums(channels, y.length / channels, x, y.pointer, results)
  const of = (which: number) =>
    Float64Array.from({ length: channels }, (_, c) => engine.f64[(results >> 3) + 2 * c + which])
  return { sums: of(0), products: of(1) }
}

/** y = factor·x + shift, with a factor and a shift per channel. */
export function scaleChannels(
  engine: Engine,
  x: Tensor,
  y: Tensor,
  coefficients: readonly (readonly [number, number])[],
): void {
  const { length } = coefficients
  engine.kernels.scaleChannels(length, x.length / length, engine.floatsFrom(coefficients.flat()), x.pointer, y.pointer)
}

/** dx += factor·dy + slope·x + constant, with these three per channel. */
export function scaleChannelsAdjoint(
  engine: Engine,
  x: Tensor,
  y: Tensor,
  coefficients: readonly (readonly [number, number, number])[],
): void {
  const { length } = coefficients
  const pointer = engine.floatsFrom(coefficients.flat())
  const [dx, dy] = [x.gradient(engine), y.gradient(engine)]
  engine.kernels.scaleChannelsAdjoint(length, x.length / length, pointer, x.pointer, dx, dy)
}
