/** CIFAR-10 (Krizhevsky 2009), binary version: 50,000 + 10,000 colour images of 32 × 32 pixels in ten classes. */
import { sizeOf } from '../model/layers.ts'
import type { PublishedDataset } from './published.ts'

const shape = { channels: 3, height: 32, width: 32 }
const classNames = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
/** A record is a label and its image, channel by channel (red, green, blue), row by row. */
const RECORD = 1 + sizeOf(shape)

export const cifar10: PublishedDataset = {
  name: 'cifar10',
  title: 'CIFAR-10',
  images: { input: shape, classes: 10 },
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
  parts: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ['test_batch.bin'] },
  read: (batches) => {
    // all batches have the same number of images
    const perBatch = batches[0].length / RECORD
    const recordAt = (index: number): Uint8Array => {
      const start = (index % perBatch) * RECORD
      return batches[Math.floor(index / perBatch)].subarray(start, start + RECORD)
    }
    return {
      ...{ name: 'cifar10', shape, classes: 10, classNames, count: batches.length * perBatch },
      imageAt: (index) => recordAt(index).subarray(1),
      labelAt: (index) => recordAt(index)[0],
    }
  },
}
