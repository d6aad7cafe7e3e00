/** Random changes of training images that keep their class. */
import type { Random } from '../base/random.ts'
import { type Shape, sizeOf } from '../model/layers.ts'
import type { Values } from './dataset.ts'

export const augmentations = ['none', 'flip', 'shift', 'flip-shift', 'flip-crop'] as const
export type Augmentation = (typeof augmentations)[number]

/** Whether images are mirrored, and by how many pixels they move at most in each direction. */
export const movesOf: Readonly<Record<Augmentation, { readonly flips: boolean; readonly most: number }>> = {
  none: { flips: false, most: 0 },
  flip: { flips: true, most: 0 },
  shift: { flips: false, most: 1 },
  'flip-shift': { flips: true, most: 1 },
  'flip-crop': { flips: true, most: 4 },
}

/**
 * 'flip': mirrored left to right with probability 1/2. 'shift', for digits: moved by −1 to 1 pixel in each direction, black
 * where nothing is left. 'flip-shift': both. 'flip-crop', CIFAR-10's usual augmentation, with which the paper's networks were
 * trained: both, by −4 to 4 pixels. All outcomes are equally likely.
 * @param image values of that shape, [channel][y][x]; left as they are
 */
export function augment(image: Values, shape: Shape, how: Augmentation, random: Random): Values {
  if (how === 'none') return image
  const { channels, height, width } = shape
  const { flips, most } = movesOf[how]
  const flip = flips && random.integer(2) === 1
  const [down, right] = [0, 1].map(() => (most === 0 ? 0 : random.integer(2 * most + 1) - most)) as [number, number]
  const changed = image instanceof Float32Array ? new Float32Array(sizeOf(shape)) : new Uint8Array(sizeOf(shape))
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      if (y + down < 0 || y + down >= height) continue
      const row = (c * height + y + down) * width
      for (let x = 0; x < width; x++) {
        const from = x + right
        if (from < 0 || from >= width) continue
        changed[(c * height + y) * width + x] = image[row + (flip ? width - 1 - from : from)]
      }
    }
  }
  return changed
}
