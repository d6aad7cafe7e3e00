/** A folder of idx files: those of images and of labels, perhaps for the training and the test each, compressed or not. */
import { join } from 'node:path'
import { badFile } from '../../base/errors.ts'
import type { LabelledImages } from '../../data/dataset.ts'
import type { Examples, Parts } from '../../data/examples.ts'
import { readIdxPair } from '../../data/idx-pair.ts'
import { readWholeFile } from '../atomic.ts'
import { gunzipIfNeeded } from '../gunzip.ts'
import { entriesOf } from './image-folder.ts'

const ROLES = { images: /images|idx3/i, labels: /labels|idx1/i }
const PARTS = { train: /train/i, test: /test|t10k/i }

/** Whether a file is one by its name, such as 'train-images-idx3-ubyte' or 'labels.idx.gz'. */
export const isIdxFile = (name: string): boolean => /(idx\d?|ubyte)(\.gz)?$/i.test(name)

/**
 * By their names: what has 'images' or 'labels' in it, and 'train' or 'test' (or 't10k') if there are two pairs.
 * @throws UserError naming the file that is missing, damaged or of unknown use
 */
export function readIdxFolder(path: string): Examples | Parts {
  const names = entriesOf(path).map(({ name }) => name)
  const stray = names.find((name) => !isIdxFile(name))
  if (stray !== undefined)
    throw badFile(`${join(path, stray)} is no idx file, but others in ${path} are: move it elsewhere`)
  const pairOf = (among: readonly string[], what: string): Examples => {
    const [images, labels] = (['images', 'labels'] as const).map((role) => {
      const found = among.filter((name) => ROLES[role].test(name))
      if (found.length === 1) return join(path, found[0])
      const problem = found.length === 0 ? 'no file' : `several files (${found.join(', ')})`
      throw badFile(`${path} has ${problem} of ${role}${what}: names say which they are, as 'train-${role}.idx'`)
    })
    const [first, second] = [images, labels].map((name) => ({ name, bytes: gunzipIfNeeded(readWholeFile(name), name) }))
    return fromImages(path, readIdxPair({ name: path, classes: 256 }, first, second))
  }
  if (!names.some((name) => PARTS.train.test(name) || PARTS.test.test(name))) return pairOf(names, '')
  return {
    train: pairOf(
      names.filter((name) => PARTS.train.test(name)),
      ' for the training',
    ),
    test: pairOf(
      names.filter((name) => PARTS.test.test(name)),
      ' for the test',
    ),
  }
}

function fromImages(path: string, { shape, count, imageAt, labelAt }: LabelledImages): Examples {
  let largest = 0
  for (let i = 0; i < count; i++) largest = Math.max(largest, labelAt(i))
  return { from: path, shape, count, classes: largest + 1, labelAt, valuesAt: imageAt }
}
