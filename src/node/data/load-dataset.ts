/**
 * Data sets by name or path: 'synthetic' is drawn, others are read from their files, which are downloaded if need be, and
 * one's own from theirs.
 */
import { UserError } from '../../base/errors.ts'
import { type Dataset, type LabelledImages, type Split, copyImages, imagesOf, setAside } from '../../data/dataset.ts'
import { isDatasetPath, publishedDatasets, unknownDataset, validationCountOf } from '../../data/names.ts'
import type { PublishedDataset } from '../../data/published.ts'
import { syntheticPart } from '../../data/synthetic.ts'
import type { DownloadProgress } from './download.ts'
import { type FileOptions, obtainFiles } from './published-files.ts'
import type { Reading } from './reading.ts'

export interface LoadOptions extends Reading {
  /** Where to look for files first; 'synthetic' needs none. */
  readonly dataDirectory?: string
  /** Decides which training images are for validation (default 0), and nothing else. */
  readonly seed?: number
  /**
   * How many training images are for validation, or, below 1, which share: by default 600 of synthetic's, a tenth of
   * one's own data, and 5000 of the others'.
   */
  readonly validationCount?: number
  readonly onProgress?: (progress: DownloadProgress) => void
}

/**
 * Loads a split of a data set: one with a name, such as 'synthetic' or 'mnist', or one's own by its path,
 * such as './photos': a folder of images by class, a .npz, .csv or .toml file.
 * 'train' and 'validation' are a seeded random partition of the training images, each in their original order; 'test' is
 * the whole test set in its original order, no matter what the other options say.
 * @throws UserError for an unknown name, files of one's own that are no data set, a `validationCount` that leaves no
 *   training image, and for missing or damaged files that cannot be downloaded
 */
export async function loadDataset(name: string, split: Split, options: LoadOptions = {}): Promise<Dataset> {
  if (split !== 'test') return (await loadTrainingParts(name, options))[split]
  return withImages(name, 'test', options, (images) => copyImages(images))
}

/** Both parts of the training images, which are read once. Otherwise as `loadDataset`. */
export function loadTrainingParts(
  name: string,
  options: LoadOptions = {},
): Promise<{ readonly train: Dataset; readonly validation: Dataset }> {
  const { validationCount = validationCountOf(name), seed = 0 } = options
  return withImages(name, 'train', options, (images) => setAside(images, validationCount, seed))
}

/** All training or all test images of a data set that is described. @throws UserError as `loadDataset` */
export const loadPublished = (
  dataset: PublishedDataset,
  part: 'train' | 'test',
  options: FileOptions = {},
): Promise<Dataset> => withFiles(dataset, part, options, (images) => copyImages(images))

/** @param use must copy what it keeps */
async function withImages<T>(
  name: string,
  part: 'train' | 'test',
  options: FileOptions & Reading,
  use: (images: LabelledImages) => T,
): Promise<T> {
  if (name === 'synthetic') return use(imagesOf(syntheticPart(part)))
  const dataset = publishedDatasets.find((known) => known.name === name)
  if (!dataset && isDatasetPath(name)) {
    if (options.dataDirectory !== undefined) {
      throw new UserError(`${name} is the path of the data itself: leave out the folder ${options.dataDirectory}`)
    }
    // published data sets need no decoders of pictures
    const { loadOwn } = await import('./own-data.ts')
    return use(await loadOwn(name, part, options))
  }
  if (!dataset) throw unknownDataset(name)
  return withFiles(dataset, part, options, use)
}

/** The images lie in the files' contents until `use` returns, and their memory is free after that. */
async function withFiles<T>(
  dataset: PublishedDataset,
  part: 'train' | 'test',
  options: FileOptions,
  use: (images: LabelledImages) => T,
): Promise<T> {
  const contents = await obtainFiles(dataset.parts[part], options, dataset)
  try {
    return use(dataset.read(contents, part))
  } finally {
    contents.forEach(free)
  }
}

/**
 * Frees the memory of a file's content now. Otherwise it would wait for V8 to collect old objects, for which training
 * hardly gives a reason: 150 MB with CIFAR-10. Small contents lie in Node's pool of buffers, beside others.
 */
function free({ buffer }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength <= Buffer.poolSize) return
  // Node 20 has no such function, and waits
  const { transfer } = buffer as { transfer?: (length: number) => ArrayBuffer }
  transfer?.call(buffer, 0)
}
