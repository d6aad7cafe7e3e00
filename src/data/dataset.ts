/** Labelled images as plain data, parts of them, and the images that training sets aside for validation. */
import { UserError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { sharedBytes } from '../base/shared-memory.ts'
import { type Shape, sizeOf } from '../model/layers.ts'

/** Images and labels; threads see them without copies if they are in shared memory. */
export interface Dataset {
  /** For people: 'mnist'. */
  readonly name: string
  /** Of one image. */
  readonly shape: Shape
  readonly classes: number
  /** count × channels · height · width; the value of a pixel is byte / 255. May begin within its buffer. */
  readonly images: Uint8Array
  /** One class per image, from 0. */
  readonly labels: Uint8Array
  readonly count: number
}

/** One image as numbers in [0, 1], [channel][y][x]. @throws RangeError if there is none of this index */
export function pixelsAt({ shape, images, count }: Dataset, index: number): Float32Array {
  if (!(Number.isInteger(index) && index >= 0 && index < count)) throw new RangeError(`there is no image ${index}`)
  const size = sizeOf(shape)
  return Float32Array.from(images.subarray(index * size, (index + 1) * size), (byte) => byte / 255)
}

/** 'train' and 'validation' are parts of the training images; 'test' are other images. */
export type Split = 'train' | 'validation' | 'test'

/** Labelled images wherever they lie: in a data set, or in files as they were published. */
export interface LabelledImages extends Pick<Dataset, 'name' | 'shape' | 'classes' | 'count'> {
  /** The bytes of an image, which must not be changed. */
  readonly imageAt: (index: number) => Uint8Array
  readonly labelAt: (index: number) => number
}

export function imagesOf({ name, shape, classes, count, images, labels }: Dataset): LabelledImages {
  const size = sizeOf(shape)
  return {
    ...{ name, shape, classes, count },
    imageAt: (index) => images.subarray(index * size, (index + 1) * size),
    labelAt: (index) => labels[index],
  }
}

/** Copies images into a data set in shared memory: those at `indices`, or all. */
export function copyImages(
  { name, shape, classes, count, imageAt, labelAt }: LabelledImages,
  indices: Iterable<number> & { readonly length: number } = Array.from({ length: count }, (_, i) => i),
): Dataset {
  const size = sizeOf(shape)
  const images = sharedBytes(indices.length * size)
  const labels = sharedBytes(indices.length)
  let to = 0
  for (const from of indices) {
    images.set(imageAt(from), to * size)
    labels[to++] = labelAt(from)
  }
  return { name, shape, classes, images, labels, count: indices.length }
}

/**
 * Divides training images at random into those that are trained on and those that are set aside for validation, each in
 * their original order.
 * @param seed decides the division, and nothing else
 * @throws UserError if `validationCount` leaves no image to train on
 */
export function setAside(
  images: LabelledImages,
  validationCount: number,
  seed: number,
): { readonly train: Dataset; readonly validation: Dataset } {
  const { name, count } = images
  if (!Number.isInteger(validationCount) || validationCount < 0 || validationCount >= count) {
    throw new UserError(
      `cannot set aside ${validationCount} images of ${name} for validation: ` +
        `choose a whole number from 0 to ${count - 1}`,
    )
  }
  const order = new Random(seed, 'validation').permutation(count)
  return {
    train: copyImages(images, order.subarray(validationCount).toSorted()),
    validation: copyImages(images, order.subarray(0, validationCount).toSorted()),
  }
}

/**
 * Images `first` to `last` − 1, sharing the data set's memory.
 * @throws UserError unless 0 ≤ first ≤ last ≤ count
 */
export function takeRange(dataset: Dataset, first: number, last: number): Dataset {
  const { name, count } = dataset
  if (!(Number.isInteger(first) && Number.isInteger(last) && 0 <= first && first <= last && last <= count)) {
    throw new UserError(
      `there are no images ${first} to ${last} in ${name}: its images are 0 to ${count}, end excluded`,
    )
  }
  const size = sizeOf(dataset.shape)
  return {
    ...dataset,
    images: dataset.images.subarray(first * size, last * size),
    labels: dataset.labels.subarray(first, last),
    count: last - first,
  }
}
