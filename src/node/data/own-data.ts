/** One's own data by its path: a folder of images by class. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { type Dataset, type LabelledImages, imagesOf } from '../../data/dataset.ts'
import { type Examples, type Parts, asImages, divide, matchParts } from '../../data/examples.ts'
import { sizeOf } from '../../model/layers.ts'
import { entriesOf, readImageFolder } from './image-folder.ts'
import { type Reading, inTurns } from './reading.ts'

/**
 * The training or the test part of the data at `path`, which is also their name.
 * @throws UserError if there is nothing, or it is no data set
 */
export async function loadOwn(path: string, part: 'train' | 'test', reading: Reading): Promise<LabelledImages> {
  const examples = (await readParts(path, reading))[part]
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
  return count > 0 && imageAt(0) instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length)
}

async function readParts(path: string, reading: Reading): Promise<Parts> {
  const read = await readSource(path, reading)
  return 'train' in read ? matchParts(read) : divide(read)
}

async function readSource(path: string, reading: Reading): Promise<Examples | Parts> {
  if (!existsSync(path)) {
    throw new UserError(
      `there is no data set ${path} (looked for from ${process.cwd()}): a path is as seen from the folder in which ` +
        'you call, also when a run continues',
    )
  }
  if (!statSync(path).isDirectory()) throw new UserError(`${path} is a file: give a folder of images by class`)
  const names = entriesOf(path).map(({ name }) => name)
  if (!names.includes('train') && !names.includes('test')) return readImageFolder(path, reading)
  const other = names.find((name) => name !== 'train' && name !== 'test')
  if (other !== undefined) {
    throw new UserError(
      `${join(path, other)} is neither train nor test: move it elsewhere (validation images are set aside from train)`,
    )
  }
  const missing = ['train', 'test'].find((name) => !names.includes(name))
  if (missing) {
    throw new UserError(
      `${path} has no folder ${missing}: give it one, or put the folders of the classes into ${path} itself`,
    )
  }
  return {
    train: await readImageFolder(join(path, 'train'), reading),
    test: await readImageFolder(join(path, 'test'), reading),
  }
}
