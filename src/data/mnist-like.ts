/**
 * Data sets of 60,000 + 10,000 grey images of 28 × 28 pixels in ten classes, made to take MNIST's place: the same files,
 * known by the checksums of the compressed ones. Checksums: those of torchvision (torchvision/datasets/mnist.py).
 */
import { readIdxPair } from './idx-pair.ts'
import type { PublishedDataset } from './published.ts'

const parts = {
  train: ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz'],
  test: ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'],
} as const

type Description = Pick<PublishedDataset, 'name' | 'title' | 'mirrors'> & {
  readonly classNames: readonly string[]
  /** md5 of the training images and labels, then of the test's. */
  readonly md5: readonly [string, string, string, string]
}

const describe = ({ classNames, md5, ...about }: Description): PublishedDataset => ({
  ...about,
  images: { input: { channels: 1, height: 28, width: 28 }, classes: classNames.length },
  md5: Object.fromEntries([...parts.train, ...parts.test].map((file, i) => [file, md5[i]])),
  parts,
  read: ([images, labels], part) => {
    const [imagesName, labelsName] = parts[part]
    return readIdxPair(
      { name: about.name, classes: classNames.length, classNames },
      { name: imagesName, bytes: images },
      { name: labelsName, bytes: labels },
    )
  },
})

/** Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): articles of Zalando. */
export const fashionMnist = describe({
  name: 'fashion-mnist',
  title: 'Fashion-MNIST',
  classNames: [
    ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
    ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  ],
  md5: [
    '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    '25c81989df183df01b3e8a0aad5dffbe',
    'bef4ecab320f06d8554ea6380940ec79',
    'bb300cfdad3c16e7a12a480ee83cd310',
  ],
  mirrors: [
    'https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  ],
})

/** Kuzushiji-MNIST (Clanuwat et al. 2018): ten characters of old Japanese script. */
export const kmnist = describe({
  name: 'kmnist',
  title: 'Kuzushiji-MNIST',
  classNames: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
  md5: [
    'bdb82020997e1d708af4cf47b453dcf7',
    'e144d726b3acfaa3e44228e80efcd344',
    '5c965bf0a639b31b8f53240b1b52f4d7',
    '7320c461ea6c1c855c0b718fb2a4b134',
  ],
  mirrors: ['http://codh.rois.ac.jp/kmnist/dataset/kmnist/'],
})
