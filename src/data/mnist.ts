/** MNIST (LeCun, Cortes & Burges): 60,000 training and 10,000 test images of digits, 28 × 28 pixels, in four idx files. */
import type { PublishedDataset } from './published.ts'
import { readIdxPair } from './idx-pair.ts'

const parts = {
  train: ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
  test: ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
} as const

export const mnist: PublishedDataset = {
  name: 'mnist',
  title: 'MNIST',
  images: { input: { channels: 1, height: 28, width: 28 }, classes: 10 },
  md5: {
    'train-images-idx3-ubyte': '6bbc9ace898e44ae57da46a324031adb',
    'train-labels-idx1-ubyte': 'a25bea736e30d166cdddb491f175f624',
    't10k-images-idx3-ubyte': '2646ac647ad5339dbf082846283269ea',
    't10k-labels-idx1-ubyte': '27ae3e4e09519cfbb04c329615203637',
  },
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  parts,
  read: ([images, labels], part) => {
    const [imagesName, labelsName] = parts[part]
    const about = { name: 'mnist', classes: 10 }
    return readIdxPair(about, { name: imagesName, bytes: images }, { name: labelsName, bytes: labels })
  },
}
