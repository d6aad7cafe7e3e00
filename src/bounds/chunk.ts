/** A chunk of images on a device: the balls around them, [input][example], normalised for the network. */
import { UserError } from '../base/errors.ts'
import type { CentredBox, Device } from '../device/device.ts'
import type { Tensor } from '../device/tape.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import { requirePixels } from '../region/domain.ts'
import { type Ball, lowerEnd, radiusOf, upperEnd } from '../region/ball.ts'
import type { Norm } from '../region/norm.ts'

export interface Chunk {
  /** Number of examples. */
  readonly count: number
  /** Examples with the padding to a multiple of 4; padding examples are zero. */
  readonly columns: number
  /**
   * Centres c and radii r, per input. 'linf': all x with |x_j − c_j| ≤ r_j. 'l2', 'l1': all x for which the norm of the
   * vector (x_j − c_j)/r_j is at most 1; the box of these c and r holds them all.
   */
  readonly ball: CentredBox
  /** The images themselves, [input][example]: the balls' centres, unless those have moved where the domain cuts balls. */
  readonly images: Tensor
  readonly norm: Norm
  readonly labels: readonly number[]
}

export interface Examples {
  /** Per example, pixel values in [0, 1] before normalisation. */
  readonly images: readonly Float32Array[]
  readonly labels: readonly number[]
}

/**
 * Lays a chunk out for a network: with the domain 'pixels' the box that is left of an ℓ∞ ball has its own centre and
 * radii; an ℓ2 or ℓ1 ball stays whole, and what is proved over it holds for its part in pixels.
 * @throws UserError if an image has another size than the network's input
 * @throws UserError if a pixel is not in the domain
 */
export function loadChunk(network: LoadedNetwork, { images, labels }: Examples, around: Ball): Chunk {
  const { device, architecture, normalisation } = network
  const { norm, domain } = around
  const { channels, height, width } = architecture.input
  const area = height * width
  const columns = (images.length + 3) & ~3
  const centres = new Float32Array(channels * area * columns)
  const radii = new Float32Array(channels * area * columns)
  let underflows = false
  const isCut = domain === 'pixels' && norm === 'linf'
  const moved = isCut ? new Float32Array(centres.length) : undefined
  for (const image of images) {
    if (image.length !== channels * area)
      throw new UserError(`image of ${image.length} values for ${channels * area} inputs`)
    if (domain === 'pixels') requirePixels(image)
  }
  for (let c = 0, j = 0; c < channels; c++) {
    const { mean, deviation } = normalisation[c]
    for (const end = j + area; j < end; j++) {
      const epsilon = radiusOf(around, j)
      const spread = roundUp(epsilon / deviation)
      const row = j * columns
      for (let e = 0; e < images.length; e++) {
        const pixel = images[e][j]
        const exact = (pixel - mean) / deviation
        const rounded = Math.fround(exact)
        centres[row + e] = rounded
        if (moved) moved[row + e] = rounded
        underflows ||= rounded !== exact && Math.abs(rounded) < SMALLEST_NORMAL
        radii[row + e] = spread
        if (!isCut || (pixel - epsilon >= 0 && pixel + epsilon <= 1)) continue
        // the radius covers both ends from where the centre has been rounded to
        const low = (lowerEnd(pixel, around, j) - mean) / deviation
        const high = (upperEnd(pixel, around, j) - mean) / deviation
        const middle = Math.fround((low + high) / 2)
        centres[row + e] = middle
        radii[row + e] = roundUp(Math.max(high - middle, middle - low))
      }
    }
  }
  // rounding charges a share of a centre, which is more than it is rounded by, but not for the smallest numbers
  if (underflows) {
    for (let i = 0; i < radii.length; i++) radii[i] = roundUp(radii[i] + channels * area * 2 ** -149)
  }
  const ball = { centre: device.tensorFrom(centres), radius: device.tensorFrom(radii) }
  return { count: images.length, columns, ball, images: moved ? device.tensorFrom(moved) : ball.centre, norm, labels }
}

/**
 * The same chunk with balls of `share` times the radii around other centres, for training.
 * @param centre [input][example], normalised as the chunk's
 */
export function subBalls(device: Device, chunk: Chunk, centre: Tensor, share: number): Chunk {
  const radii = chunk.ball.radius.read()
  return { ...chunk, ball: { centre, radius: device.tensorFrom(radii.map((radius) => share * radius)) } }
}

const SMALLEST_NORMAL = 2 ** -126

/** The smallest float32 that is not below `value` ≥ 0, so that a float32 ball holds the exact one. */
function roundUp(value: number): number {
  const rounded = Math.fround(value)
  // by a part of itself, and among the smallest float32 numbers by the distance from one to the next
  return rounded >= value ? rounded : Math.fround(rounded * (1 + 2 ** -23) + 2 ** -149)
}
