/** CIFAR-10 (Krizhevsky 2009), binary version: colour images of 32 × 32 pixels in ten classes. */
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
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ['test_batch.bin'],
}

export const cifar10Source: PublishedFiles = {
  name: 'CIFAR-10',
  folder: 'cifar10',
  md5: {
    'data_batch_1.bin': '5dd7e06a14cb22eb9f671a540d1b7c25',
    'data_batch_2.bin': '5ea93a67294ea407fff1d09f752e9692',
    'data_batch_3.bin': '942cd6a4bcdd0dd3c604fbe906cb4421',
    'data_batch_4.bin': 'ae636b3ba5c66a11e91e8cb52e771fcb',
    'data_batch_5.bin': '53f37980c15c3d472c316c40844f3f0d',
    'test_batch.bin': '803d5f7f4d78ea53de84dbe85f74fb6d',
  },
  archive: { file: 'cifar-10-binary.tar.gz', folder: 'cifar-10-batches-bin' },
  mirrors: [
    'https://www.cs.toronto.edu/~kriz/',
    'https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/',
  ],
}

const shape = { channels: 3, height: 32, width: 32 }
const PIXELS = 3 * 32 * 32
/** A record is a label and its image, channel by channel (red, green, blue), row by row. */
const RECORD = 1 + PIXELS

/**
 * Loads the training (50,000) or the test images (10,000), in their original order: from the user's folder, else the
 * cache, else downloaded into the cache.
 * @throws UserError if a file is damaged, or is nowhere and cannot be downloaded
 */
export async function loadCifar10(
  part: 'train' | 'test',
  options: FileOptions = {},
  source = cifar10Source,
): Promise<Dataset> {
  const batches = await obtainFiles(parts[part], options, source)
  const count = batches.reduce((sum, { length }) => sum + length / RECORD, 0)
  const images = new Uint8Array(new SharedArrayBuffer(count * PIXELS))
  const labels = new Uint8Array(new SharedArrayBuffer(count))
  let i = 0
  for (const batch of batches) {
    for (let at = 0; at < batch.length; at += RECORD, i++) {
      labels[i] = batch[at]
      images.set(batch.subarray(at + 1, at + RECORD), i * PIXELS)
    }
  }
  return { name: 'cifar10', shape, classes: 10, images, labels, count }
}

/** What is in the folder, or in the cache if none is given. @throws UserError if the folder or a file is unreadable */
export const verifyCifar10 = (dataDirectory?: string, source = cifar10Source): FileStatus[] =>
  verifyFiles(dataDirectory, source)

/**
 * Downloads the published archive into the folder (the cache by default; made if need be) and unpacks it, unless all
 * files are there and sound.
 * @returns what then is there: six times 'ok'
 * @throws UserError if no mirror delivers, if the folder cannot be written, or if a damaged file is in the way that
 *   no download made
 */
export const downloadCifar10 = (
  directory?: string,
  onProgress?: OnProgress,
  source = cifar10Source,
): Promise<FileStatus[]> => downloadFiles(directory, onProgress, source)
