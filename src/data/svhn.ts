/**
 * SVHN (Netzer et al. 2011), cropped: 73,257 + 26,032 colour images of house numbers, 32 × 32 pixels, in two MAT-files.
 * Checksums: torchvision/datasets/svhn.py.
 */
import { badFile } from '../base/errors.ts'
import { parseMat } from '../formats/mat.ts'
import type { PublishedDataset } from './published.ts'

const parts = { train: ['train_32x32.mat'], test: ['test_32x32.mat'] }
const shape = { channels: 3, height: 32, width: 32 }
const CHANNEL = shape.height * shape.width

export const svhn: PublishedDataset = {
  name: 'svhn',
  title: 'SVHN',
  images: { input: shape, classes: 10 },
  md5: {
    'train_32x32.mat': 'e26dedcc434d2e4c54c9b2d4a06d8373',
    'test_32x32.mat': 'eb5a983be6a315427106f1b164d9cef3',
  },
  mirrors: ['http://ufldl.stanford.edu/housenumbers/'],
  parts,
  read: ([content], part) => {
    const arrays = parseMat(content, parts[part][0])
    const [images, labels] = [arrays.get('X'), arrays.get('y')]
    const count = labels?.data.length ?? 0
    if (!images || !labels || images.dimensions.join() !== [32, 32, 3, count].join()) {
      throw badFile(`${parts[part][0]} does not hold images X and labels y`)
    }
    return {
      ...{ name: 'svhn', shape, classes: 10, count },
      // stored column by column
      imageAt: (index) => {
        const stored = images.data.subarray(index * 3 * CHANNEL, (index + 1) * 3 * CHANNEL)
        return Uint8Array.from(stored, (_, i) => {
          const [at, channel] = [i % CHANNEL, Math.floor(i / CHANNEL)]
          return stored[channel * CHANNEL + (at % 32) * 32 + Math.floor(at / 32)]
        })
      },
      // the digit 0 is called 10
      labelAt: (index) => labels.data[index] % 10,
    }
  },
}
