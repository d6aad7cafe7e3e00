/** One's own data by its path: read, described by a dataset.toml or not, and divided into parts. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { type Dataset, type LabelledImages, imagesOf } from '../../data/dataset.ts'
import { type Parts, asImages, divide, matchParts } from '../../data/examples.ts'
import { sizeOf } from '../../model/layers.ts'
import { readDescribed, withoutRange } from './described.ts'
import { type Reading, inTurns } from './reading.ts'
import { readSource } from './sources.ts'

/**
 * The training or the test part of the data at `path`, which is also their name.
 * @throws UserError if there is nothing, or it is no data set
 */
export async function loadOwn(path: string, part: 'train' | 'test', reading: Reading): Promise<LabelledImages> {
  const examples = (await readParts(path, reading))[part]
  if (examples.count === 0) {
    throw new UserError(
      `${path} has no ${part === 'train' ? 'training' : 'test'} part: it is for certification and attacks only`,
    )
  }
  const images = asImages(path, examples)
  const values = valuesFor(images)
  const labels = new Uint8Array(images.count)
  const size = sizeOf(images.shape)
  await inTurns(labels, { ...reading, what: `reading ${path}` }, (_, i) => {
    values.set(images.imageAt(i), i * size)
    labels[i] = images.labelAt(i)
  })
  const { imageAt: _, labelAt: __, ...about } = images
  return imagesOf({ ...about, images: values, labels } satisfies Dataset)
}

function valuesFor({ count, shape, imageAt }: LabelledImages) {
  const length = count * sizeOf(shape)
  return imageAt(0) instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length)
}

async function readParts(path: string, reading: Reading): Promise<Parts> {
  const file = descriptionAt(path)
  if (file !== undefined) return readDescribed(file, reading)
  const read = await readSource(path, {}, reading)
  if (!('train' in read)) return divide(read)
  const [feature] = read.train.features ?? []
  if (feature && read.train.count === 0) throw withoutRange(feature.name, read.test.from)
  return matchParts(read)
}

/** The dataset.toml that `path` is, or in which it is described. */
function descriptionAt(path: string): string | undefined {
  if (path.endsWith('.toml')) return path
  const inside = join(path, 'dataset.toml')
  return existsSync(inside) ? inside : undefined
}
