/**
 * EMNIST (Cohen, Afshar, Tapson & van Schaik 2017): handwritten letters and digits, 28 × 28 pixels. All variants are in one
 * archive, which is known by its checksum (torchvision/datasets/mnist.py), and whose images lie on their side: x and y are
 * exchanged. Here they stand upright, as MNIST's do.
 */
import { badFile } from '../base/errors.ts'
import { gunzipIfNeeded } from '../formats/gzip.ts'
import { readZip } from '../formats/zip.ts'
import type { LabelledImages } from './dataset.ts'
import { readIdxPair } from './idx-pair.ts'
import type { PublishedDataset } from './published.ts'

const ARCHIVE = 'gzip.zip'
const letters = (first: string, last: string): string[] =>
  Array.from({ length: last.charCodeAt(0) - first.charCodeAt(0) + 1 }, (_, i) =>
    String.fromCharCode(first.charCodeAt(0) + i),
  )
const digits = letters('0', '9')

interface Variant {
  readonly variant: string
  readonly classNames: readonly string[]
  /** The label of the first class. */
  readonly firstLabel: 0 | 1
}

const describe = ({ variant, classNames, firstLabel }: Variant): PublishedDataset => ({
  name: `emnist-${variant}`,
  title: `EMNIST ${variant}`,
  folder: 'emnist',
  images: { input: { channels: 1, height: 28, width: 28 }, classes: classNames.length },
  md5: { [ARCHIVE]: '58c8d27c78d21e728a6bc7b3cc06412e' },
  mirrors: ['https://biometrics.nist.gov/cs_links/EMNIST/', 'https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/'],
  parts: { train: [ARCHIVE], test: [ARCHIVE] },
  read: ([archive], part) => {
    const [images, labels] = ['images-idx3', 'labels-idx1'].map((kind) => `emnist-${variant}-${part}-${kind}-ubyte.gz`)
    const files = readZip(archive, ARCHIVE, (name) => name.endsWith(images) || name.endsWith(labels))
    const member = (wanted: string) => {
      const found = [...files].find(([name]) => name.endsWith(wanted))
      if (!found) throw badFile(`${ARCHIVE} does not hold ${wanted}`)
      return { name: wanted, bytes: gunzipIfNeeded(found[1], wanted) }
    }
    const about = { name: `emnist-${variant}`, classes: classNames.length + firstLabel }
    const stored = readIdxPair(about, member(images), member(labels))
    return {
      ...upright(stored),
      ...{ classes: classNames.length, classNames },
      labelAt: (index) => stored.labelAt(index) - firstLabel,
    }
  },
})

/** With rows and columns exchanged. */
function upright(images: LabelledImages): LabelledImages {
  const { channels, height, width } = images.shape
  return {
    ...images,
    shape: { channels, height: width, width: height },
    imageAt: (index) => {
      const stored = images.imageAt(index)
      return Uint8Array.from(stored, (_, i) => stored[(i % height) * width + Math.floor(i / height)])
    },
  }
}

/** Digits, capitals, and those small letters that do not look like their capitals, each class as often as all others. */
export const emnistBalanced = describe({
  variant: 'balanced',
  classNames: [...digits, ...letters('A', 'Z'), ...'abdefghnqrt'],
  firstLabel: 0,
})

/** 26 letters, capital or small. */
export const emnistLetters = describe({ variant: 'letters', classNames: letters('a', 'z'), firstLabel: 1 })

export const emnistDigits = describe({ variant: 'digits', classNames: digits, firstLabel: 0 })
