/** Random changes of training images that keep their class. */
import type { Random } from '../engine/random.ts'
import { type Shape, sizeOf } from '../networks/layers.ts'

export const augmentations = ['none', 'flip', 'flip-crop'] as const
export type Augmentation = (typeof augmentations)[number]

/** Black pixels around an image before a part of its own size is cut out. */
const PADDING = 4

/**
 * 'flip': mirrored left to right with probability 1/2. 'flip-crop', CIFAR-10's usual augmentation, with which the paper's
 * networks were trained: then moved by −4 to 4 pixels in each direction, black where nothing is left; all 162 outcomes are
 * equally likely.
 * @param image bytes of that shape, [channel][y][x]; left as they are
 */
export function augment(image: Uint8Array, shape: Shape, how: Augmentation, random: Random): Uint8Array {
  if (how === 'none') return image
  const { channels, height, width } = shape
  const flip = random.integer(2) === 1
  const [down, right] = [0, 1].map(() => (how === 'flip' ? 0 : random.integer(2 * PADDING + 1) - PADDING)) as [
    number,
    number,
  ]
  const changed = new Uint8Array(sizeOf(shape))
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      if (y + down < 0 || y + down >= height) continue
      const row = (c * height + y + down) * width
      for (let x = 0; x < width; x++) {
        const from = x + right
        if (from < 0 || from >= width) continue
        changed[(c * height + y) * width + x] = image[row + (flip ? width - 1 - from : from)]!
      }
    }
  }
  return changed
}
