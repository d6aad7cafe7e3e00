/** Labelled images, and how the named data sets are split. */
import { Random } from '../base/random.ts'
import { UserError, unknownName } from '../base/errors.ts'
import { type Shape, sizeOf } from '../model/layers.ts'
import { loadCifar10 } from '../node/data/cifar10.ts'
import type { DownloadProgress } from '../node/data/download.ts'
import { loadMnist } from '../node/data/mnist.ts'
import { syntheticDigits } from './synthetic.ts'

/** Images and labels in shared memory, so that workers see them without copies. */
export interface Dataset {
  /** For people: 'mnist'. */
  readonly name: string
  /** Of one image. */
  readonly shape: Shape
  readonly classes: number
  /** count × channels · height · width; the value of a pixel is byte / 255. May begin within its buffer. */
  readonly images: Uint8Array<SharedArrayBuffer>
  /** One class per image, from 0. */
  readonly labels: Uint8Array<SharedArrayBuffer>
  readonly count: number
}

export type Split = 'train' | 'validation' | 'test'

export interface LoadOptions {
  /** Where to look for files first; 'synthetic' needs none. */
  readonly dataDirectory?: string
  /** Decides which training images are for validation (default 0), and nothing else. */
  readonly seed?: number
  /** How many training images are for validation: 600 of synthetic's and 5000 of others' by default. */
  readonly validationCount?: number
  readonly onProgress?: (progress: DownloadProgress) => void
}

interface Source {
  readonly validationCount: number
  readonly load: (part: 'train' | 'test', options: LoadOptions) => Promise<Dataset>
}

/** The seed of the synthetic images themselves: fixed, so that everyone's 'synthetic' is the same data set. */
const SYNTHETIC_SEED = 0

/** Drawn once: it takes a second. */
const drawn: Partial<Record<'train' | 'test', Dataset>> = {}

const sources: Record<string, Source> = {
  synthetic: {
    validationCount: 600,
    load: async (part) => (drawn[part] ??= syntheticDigits(part === 'train' ? 6000 : 1000, SYNTHETIC_SEED, part)),
  },
  mnist: { validationCount: 5000, load: loadMnist },
  cifar10: { validationCount: 5000, load: loadCifar10 },
}

export const datasetNames: readonly string[] = Object.keys(sources)

/**
 * Loads a split of a data set: 'synthetic' (6000 + 1000 images), 'mnist' (60,000 + 10,000) or 'cifar10'
 * (50,000 + 10,000).
 * 'train' and 'validation' are a seeded random partition of the training images, each in their original order;
 * 'test' is the whole test set in its original order, whatever the other options.
 * @throws UserError for an unknown name, a `validationCount` that leaves no training image, and for missing or damaged
 *   files that cannot be downloaded
 */
export async function loadDataset(name: string, split: Split, options: LoadOptions = {}): Promise<Dataset> {
  if (split !== 'test') return (await loadTrainingParts(name, options))[split]
  return sourceOf(name).load('test', options)
}

/** Both parts of the training images, which are read once. Otherwise as `loadDataset`. */
export async function loadTrainingParts(
  name: string,
  options: LoadOptions = {},
): Promise<{ readonly train: Dataset; readonly validation: Dataset }> {
  const source = sourceOf(name)
  const all = await source.load('train', options)
  const validationCount = options.validationCount ?? source.validationCount
  if (!Number.isInteger(validationCount) || validationCount < 0 || validationCount >= all.count) {
    throw new UserError(
      `cannot set aside ${validationCount} images of ${name} for validation: ` +
        `choose a whole number from 0 to ${all.count - 1}`,
    )
  }
  const order = new Random(options.seed ?? 0, 'validation').permutation(all.count)
  return {
    train: pick(all, order.subarray(validationCount).toSorted()),
    validation: pick(all, order.subarray(0, validationCount).toSorted()),
  }
}

function sourceOf(name: string): Source {
  if (!Object.hasOwn(sources, name)) throw unknownName('data set', name, datasetNames)
  return sources[name]
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

/** Copies of the images at `indices`. */
function pick(dataset: Dataset, indices: Uint32Array): Dataset {
  const size = sizeOf(dataset.shape)
  const images = new Uint8Array(new SharedArrayBuffer(indices.length * size))
  const labels = new Uint8Array(new SharedArrayBuffer(indices.length))
  indices.forEach((from, to) => {
    images.set(dataset.images.subarray(from * size, (from + 1) * size), to * size)
    labels[to] = dataset.labels[from]
  })
  return { ...dataset, images, labels, count: indices.length }
}
