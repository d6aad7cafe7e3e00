/** Images of a data set as numbers, as loss and bounds take them. */
import { Random } from '../../base/random.ts'
import type { Examples } from '../../bounds/chunk.ts'
import { type Augmentation, augment } from '../../data/augment.ts'
import { type Dataset, toNumbers } from '../../data/dataset.ts'
import { sizeOf } from '../../model/layers.ts'

/** How training images are augmented in an epoch. */
export interface Change {
  readonly how: Augmentation
  /** Decides together with an image's index what becomes of it. */
  readonly seed: number
}

const pixels: Float32Array[] = []

/**
 * Images and labels at `indices`, in memory that the next call takes again.
 * @param change how they are augmented, if at all; each has a random stream of its own, whichever worker loads it
 */
export function examples({ images, labels, shape }: Dataset, indices: readonly number[], change?: Change): Examples {
  const size = sizeOf(shape)
  return {
    images: indices.map((i, e) => {
      const image = images.subarray(i * size, (i + 1) * size)
      const changed = change ? augment(image, shape, change.how, new Random(change.seed, i)) : image
      if (pixels[e]?.length !== size) pixels[e] = new Float32Array(size)
      return toNumbers(changed, pixels[e])
    }),
    labels: indices.map((i) => labels[i]),
  }
}
