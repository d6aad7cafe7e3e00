/** Where examples lie, by what is at a path: each kind of file or folder is read by its own reader. */
import { existsSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { UserError, badFile } from '../../base/errors.ts'
import { type Layout, examplesOfArrays } from '../../data/arrays.ts'
import { type Examples, type Parts, testAlone } from '../../data/examples.ts'
import { type ColumnChoice, examplesOfTable } from '../../data/table.ts'
import { parseCsv } from '../../formats/csv.ts'
import { decodeText } from '../../formats/foreign.ts'
import { parseArrays } from '../../formats/npz.ts'
import { readWholeFile } from '../atomic.ts'
import { gunzipIfNeeded } from '../gunzip.ts'
import { readIdxFolder, isIdxFile } from './idx-folder.ts'
import { entriesOf, readImageFolder } from './image-folder.ts'
import type { Reading } from './reading.ts'

/** What a dataset.toml says about files that do not say it themselves. */
export interface Hints extends ColumnChoice {
  readonly layout?: Layout | undefined
}

/** Text of a table; more does not fit into a string. */
const MOST_TEXT = 2 ** 28

/**
 * The examples at `path`, in the two parts that it has, or all together.
 * @throws UserError if there is nothing, or nothing that is read
 */
export async function readSource(path: string, hints: Hints, reading: Reading): Promise<Examples | Parts> {
  if (!existsSync(path)) {
    throw new UserError(
      `there is no data set ${path} (looked for from ${process.cwd()}): a path is as seen from the folder in which ` +
        'you call, also when a run continues',
    )
  }
  if (statSync(path).isDirectory()) return readFolder(path, hints, reading)
  const content = gunzipIfNeeded(readWholeFile(path), path)
  switch (extname(path.replace(/\.gz$/, '')).toLowerCase()) {
    case '.npz':
      return examplesOfArrays(parseArrays(content, path), path, hints.layout)
    case '.csv':
    case '.tsv':
      if (content.length > MOST_TEXT) throw badFile(`${path} is larger than 256 MB: give an .npz file instead`)
      return examplesOfTable(parseCsv(decodeText(content, path).replace(/^\ufeff/, ''), path), path, hints)
    case '.npy':
      throw badFile(`${path} is a single array: put images and labels into one file by numpy.savez`)
    case '.zip':
    case '.tar':
      throw badFile(`${path} is an archive: unpack it, and give the folder`)
    default:
      throw badFile(`${path} is no data set: give a folder of images by class, or a .npz, .csv or .toml file`)
  }
}

async function readFolder(path: string, hints: Hints, reading: Reading): Promise<Examples | Parts> {
  const entries = entriesOf(path)
  if (entries.some(({ name, isFolder }) => !isFolder && isIdxFile(name))) return readIdxFolder(path)
  const isPart = (part: string) => (name: string) => name.replace(/\..*$/, '').toLowerCase() === part
  const names = entries.map(({ name }) => name)
  const [train, test] = ['train', 'test'].map((part) => names.find(isPart(part)))
  if (train === undefined && test === undefined) return readImageFolder(path, reading)
  const other = names.find((name) => name !== train && name !== test)
  if (other !== undefined) {
    throw badFile(
      `${join(path, other)} is neither train nor test: move it elsewhere (validation images are set aside from train)`,
    )
  }
  if (test === undefined) {
    throw badFile(`${path} has no test beside ${train}: give it one, or put the folders of classes into ${path} itself`)
  }
  const aside = await readWhole(join(path, test), hints, reading)
  return train === undefined
    ? testAlone(aside)
    : { train: await readWhole(join(path, train), hints, reading), test: aside }
}

/** Examples that are one part of a data set. @throws UserError if they have parts themselves; otherwise as `readSource` */
export async function readWhole(path: string, hints: Hints, reading: Reading): Promise<Examples> {
  const read = await readSource(path, hints, reading)
  if ('train' in read) throw badFile(`${path} has a training and a test part itself: give it as the whole data set`)
  return read
}
