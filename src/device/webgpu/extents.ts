/** Sizes of an affine layer, or of a window of one, as the kernels see them. */
import type { Shape } from '../../model/layers.ts'
import type { GeometryOptions } from '../device.ts'

/** Values lie [channel][y][x][row] on both sides; weights [group][tap][input of the group][output of the group, padded to 4]. */
export interface Extents extends GeometryOptions {
  readonly outChannels: number
  readonly outHeight: number
  readonly outWidth: number
  readonly inChannels: number
  readonly inHeight: number
  readonly inWidth: number
}

export const extentsOf = (input: Shape, output: Shape, options: GeometryOptions): Extents => ({
  ...options,
  outChannels: output.channels,
  outHeight: output.height,
  outWidth: output.width,
  inChannels: input.channels,
  inHeight: input.height,
  inWidth: input.width,
})

export const padded = (n: number): number => (n + 3) & ~3

export const outputsOf = ({ outChannels, outHeight, outWidth }: Extents): number => outChannels * outHeight * outWidth
export const inputsOf = ({ inChannels, inHeight, inWidth }: Extents): number => inChannels * inHeight * inWidth

/** Input channels, and output channels padded to 4, that each group has. */
export const groupOf = ({
  inChannels,
  outChannels,
  groups,
}: Extents): { readonly inputs: number; readonly outputs: number } => ({
  inputs: inChannels / groups,
  outputs: padded(outChannels / groups),
})

/** Number of packed weights. */
export function weightsOf(extents: Extents): number {
  const { inputs, outputs } = groupOf(extents)
  return extents.groups * extents.kernel ** 2 * inputs * outputs
}

/** Floating-point operations of a product, 2 per multiply-add. Taps that lie outside the input are none. */
export function flopOf(extents: Extents, rows: number): number {
  const { outHeight, outWidth, inHeight, inWidth, inChannels, outChannels, groups } = extents
  const taps = tapsInside(extents, outHeight, inHeight) * tapsInside(extents, outWidth, inWidth)
  return 2 * taps * (inChannels / groups) * outChannels * rows
}

/** In one direction, over all outputs: how many taps of the kernel lie inside the input. */
function tapsInside({ kernel, stride, padding }: Extents, outputs: number, inputs: number): number {
  let count = 0
  for (let o = 0; o < outputs; o++) {
    const first = o * stride - padding
    count += Math.max(0, Math.min(kernel, inputs - first) - Math.max(0, -first))
  }
  return count
}
