/** MNIST (LeCun, Cortes & Burges): its four idx files. */
import { parseIdx } from '../../formats/idx.ts'
import type { Dataset } from '../../data/dataset.ts'
import {
  type FileOptions,
  type FileStatus,
  type OnProgress,
  type PublishedFiles,
  downloadFiles,
  obtainFiles,
  verifyFiles,
} from './published-files.ts'

const parts = {
  train: ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
  test: ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
} as const

export const mnistSource: PublishedFiles = {
  name: 'MNIST',
  folder: 'mnist',
  md5: {
    'train-images-idx3-ubyte': '6bbc9ace898e44ae57da46a324031adb',
    'train-labels-idx1-ubyte': 'a25bea736e30d166cdddb491f175f624',
    't10k-images-idx3-ubyte': '2646ac647ad5339dbf082846283269ea',
    't10k-labels-idx1-ubyte': '27ae3e4e09519cfbb04c329615203637',
  },
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
}

/**
 * Loads the training (60,000) or the test images (10,000), in their original order: from the user's folder, else the
 * cache, else downloaded into the cache.
 * @throws UserError if a file is damaged, or is nowhere and cannot be downloaded
 */
export async function loadMnist(
  part: 'train' | 'test',
  options: FileOptions = {},
  source = mnistSource,
): Promise<Dataset> {
  const [imagesName, labelsName] = parts[part]
  const [imagesFile, labelsFile] = await obtainFiles([imagesName, labelsName], options, source)
  const images = parseIdx(imagesFile!, imagesName, 3)
  const labels = parseIdx(labelsFile!, labelsName, 1)
  const [count, height, width] = images.dimensions as [number, number, number]
  return {
    name: 'mnist',
    shape: { channels: 1, height, width },
    classes: 10,
    images: shared(images.data),
    labels: shared(labels.data),
    count,
  }
}

/** What is in the folder, or in the cache if none is given. @throws UserError if the folder or a file is unreadable */
export const verifyMnist = (dataDirectory?: string, source = mnistSource): FileStatus[] =>
  verifyFiles(dataDirectory, source)

/**
 * Downloads the files that the folder (the cache by default; made if need be) lacks, and those of earlier downloads
 * that are damaged.
 * @returns what then is there: four times 'ok'
 * @throws UserError if no mirror delivers, if the folder cannot be written, or if a damaged file is in the way that
 *   no download made
 */
export const downloadMnist = (
  directory?: string,
  onProgress?: OnProgress,
  source = mnistSource,
): Promise<FileStatus[]> => downloadFiles(directory, onProgress, source)

function shared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
