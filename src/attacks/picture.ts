/** Pictures of adversarial examples. */
import { type Shape, sizeOf } from '../model/layers.ts'

/** Pixels between two images. */
const GAP = 2

/**
 * An image, its adversarial twin and their difference side by side, on white.
 * The difference is amplified: white is +change, black −change, middle grey no change. Pixels outside [0, 1] are for the
 * picture's writer to clamp.
 * @param image, adversarial pixels of that shape, [channel][y][x]
 * @param change in pixel units; 0 gives a grey difference
 */
export function comparison(
  shape: Shape,
  image: ArrayLike<number>,
  adversarial: ArrayLike<number>,
  change: number,
): { shape: Shape; values: Float32Array } {
  const { channels, height, width } = shape
  const wide = { channels, height, width: 3 * width + 2 * GAP }
  const values = new Float32Array(sizeOf(wide)).fill(1)
  for (let row = 0; row < channels * height; row++) {
    for (let x = 0; x < width; x++) {
      const [before, after] = [image[row * width + x], adversarial[row * width + x]]
      const at = row * wide.width + x
      values[at] = before
      values[at + width + GAP] = after
      values[at + 2 * (width + GAP)] = change > 0 ? 0.5 + (after - before) / (2 * change) : 0.5
    }
  }
  return { shape: wide, values }
}
