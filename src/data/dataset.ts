/** Labelled images as plain data, parts of them, and the images that training sets aside for validation. */
import { UserError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { sharedBytes, sharedFloats } from '../base/shared-memory.ts'
import { type Shape, sizeOf } from '../model/layers.ts'

/** Values of images as they are stored: a byte stands for byte / 255, a float for itself, in [0, 1]. */
export type Values = Uint8Array | Float32Array

/**
 * One column of a table, in the units of its file. Its value x is stored as (x − low) / (high − low), so that the domain
 * 'pixels' is the range of every feature.
 */
export interface Feature {
  readonly name: string
  readonly low: number
  /** > low. */
  readonly high: number
}

/** Images and labels; threads see them without copies if they are in shared memory. */
export interface Dataset {
  /** For people: 'mnist'. */
  readonly name: string
  /** Of one image. */
  readonly shape: Shape
  /** At most 256. */
  readonly classes: number
  /** What the classes are called, one name for each. */
  readonly classNames?: readonly string[] | undefined
  /** Of a table, whose rows are the images, in the shape n × 1 × 1. */
  readonly features?: readonly Feature[] | undefined
  /** count × channels · height · width. May begin within its buffer. */
  readonly images: Values
  /** One class per image, from 0. */
  readonly labels: Uint8Array
  readonly count: number
}

/** The name of a class for people, or its number where it has none. */
export const className = ({ classNames }: Pick<Dataset, 'classNames'>, label: number): string =>
  classNames?.[label] ?? String(label)

/** Stored values as numbers in [0, 1]. @param into as long as `values` */
export function toNumbers(values: Values, into: Float32Array = new Float32Array(values.length)): Float32Array {
  if (values instanceof Float32Array) into.set(values)
  else for (let i = 0; i < values.length; i++) into[i] = values[i] / 255
  return into
}

/** One image as numbers in [0, 1], [channel][y][x]. @throws UserError if there is none of this index */
export function pixelsAt({ name, shape, images, count }: Dataset, index: number): Float32Array {
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw new UserError(`there is no image ${index} in ${name}: it has images 0 to ${count - 1}`)
  }
  const size = sizeOf(shape)
  return toNumbers(images.subarray(index * size, (index + 1) * size))
}

/** 'train' and 'validation' are parts of the training images; 'test' are other images. */
export type Split = 'train' | 'validation' | 'test'

/** Labelled images wherever they lie: in a data set, or in files as they were published. */
export interface LabelledImages extends Omit<Dataset, 'images' | 'labels'> {
  /** The values of an image, which must not be changed: bytes for all images, or floats for all. */
  readonly imageAt: (index: number) => Values
  readonly labelAt: (index: number) => number
}

export function imagesOf({ images, labels, ...about }: Dataset): LabelledImages {
  const size = sizeOf(about.shape)
  return {
    ...about,
    imageAt: (index) => images.subarray(index * size, (index + 1) * size),
    labelAt: (index) => labels[index],
  }
}

/** Copies images into a data set in shared memory: those at `indices`, or all. */
export function copyImages(
  { imageAt, labelAt, ...about }: LabelledImages,
  indices: Iterable<number> & { readonly length: number } = Array.from({ length: about.count }, (_, i) => i),
): Dataset {
  const size = sizeOf(about.shape)
  const areFloats = about.count > 0 && imageAt(0) instanceof Float32Array
  const images = areFloats ? sharedFloats(indices.length * size) : sharedBytes(indices.length * size)
  const labels = sharedBytes(indices.length)
  let to = 0
  for (const from of indices) {
    images.set(imageAt(from), to * size)
    labels[to++] = labelAt(from)
  }
  return { ...about, images, labels, count: indices.length }
}

/**
 * Divides training images at random into those that are trained on and those that are set aside for validation, each in
 * their original order.
 * @param validationCount how many, or, between 0 and 1, which share of them
 * @param seed decides the division, and nothing else
 * @throws UserError if that leaves no image to train on
 */
export function setAside(
  images: LabelledImages,
  validationCount: number,
  seed: number,
): { readonly train: Dataset; readonly validation: Dataset } {
  const { name, count } = images
  const aside = validationCount > 0 && validationCount < 1 ? Math.round(validationCount * count) : validationCount
  if (!Number.isInteger(aside) || aside < 0 || aside >= count) {
    throw new UserError(
      `cannot set aside ${validationCount} images of ${name} for validation: ` +
        `choose a whole number from 0 to ${count - 1}, or a share such as 0.1`,
    )
  }
  const order = new Random(seed, 'validation').permutation(count)
  return {
    train: copyImages(images, order.subarray(aside).toSorted()),
    validation: copyImages(images, order.subarray(0, aside).toSorted()),
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
