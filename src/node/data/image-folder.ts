/**
 * A folder with a folder of pictures for each class. The class is called as its folder. Within a class, pictures are in order
 * of their names, and the classes take turns, so that the first n pictures have all classes in proportion.
 */
import { readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { type UserError, badFile } from '../../base/errors.ts'
import { type Examples, byCodeUnits, inColour } from '../../data/examples.ts'
import { decodePicture, pictureExtensions, pictureSize } from '../../formats/decode-picture.ts'
import type { PictureSize } from '../../formats/picture.ts'
import { explainFileError, readWholeFile } from '../atomic.ts'
import { type Reading, inTurns } from './reading.ts'

/** Pictures of kinds that are not read. */
const OTHER_PICTURES = ['.gif', '.webp', '.bmp', '.tif', '.tiff', '.heic', '.avif', '.svg', '.jp2']

/** Left by systems in folders of pictures. */
const LITTER = new Set(['Thumbs.db', 'desktop.ini'])

export interface Entry {
  readonly name: string
  readonly isFolder: boolean
}

/** What is in a folder, in order, without hidden files. @throws UserError if it cannot be read */
export function entriesOf(folder: string): Entry[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.') && !LITTER.has(name))
      .map((name) => ({ name, isFolder: statSync(join(folder, name)).isDirectory() }))
      .toSorted((a, b) => byCodeUnits(a.name, b.name))
  } catch (error) {
    throw explainFileError(error, 'read', folder)
  }
}

/**
 * The pictures in `folder`/CLASS, whose pixels are decoded when they are asked for.
 * @throws UserError naming what is no picture, or not as large as the first one
 */
export async function readImageFolder(folder: string, reading: Reading = {}): Promise<Examples> {
  const classes = entriesOf(folder)
  const stray = classes.find(({ isFolder }) => !isFolder)
  if (stray) {
    throw badFile(
      `${join(folder, stray.name)} is not a folder: in ${folder} are folders of pictures, one for each class`,
    )
  }
  if (classes.length === 0) throw badFile(`${folder} is empty: put folders of pictures there, one for each class`)
  const classNames = classes.map(({ name }) => name)
  const files = classNames
    .flatMap((name, label) => {
      const paths = picturesIn(join(folder, name))
      return paths.map((path, i) => ({ path, label, turn: (i + 0.5) / paths.length }))
    })
    .toSorted((a, b) => a.turn - b.turn)
  const first = pictureSize(readWholeFile(files[0].path), files[0].path)
  let channels = first.channels
  await inTurns(files, { ...reading, what: `looking through ${folder}` }, ({ path }) => {
    const size = pictureSize(readWholeFile(path), path)
    if (size.width !== first.width || size.height !== first.height) throw otherSize(path, size, files[0].path, first)
    if (size.channels === 3) channels = 3
  })
  return {
    from: folder,
    shape: { channels, height: first.height, width: first.width },
    count: files.length,
    classes: classNames.length,
    classNames,
    labelAt: (index) => files[index].label,
    valuesAt: (index) => {
      const { path } = files[index]
      const { size, values } = decodePicture(readWholeFile(path), path)
      return size.channels === channels ? values : inColour(values)
    },
  }
}

function picturesIn(folder: string): string[] {
  const entries = entriesOf(folder)
  if (entries.length === 0) throw badFile(`${folder} holds no pictures: delete it, or put pictures of that class there`)
  return entries.map(({ name, isFolder }) => {
    const path = join(folder, name)
    if (isFolder) throw badFile(`${path} is a folder: the pictures of a class lie in its own folder, ${folder}`)
    const ending = extname(name).toLowerCase()
    if (pictureExtensions.some((extension) => extension === ending)) return path
    if (OTHER_PICTURES.includes(ending)) throw badFile(`${path} is of a kind that is not read: save it as PNG or JPEG`)
    throw badFile(`${path} is not a picture (${pictureExtensions.join(', ')}): move it elsewhere`)
  })
}

const pixels = ({ width, height }: PictureSize) => `${width} × ${height}`

const otherSize = (path: string, size: PictureSize, first: string, wanted: PictureSize): UserError =>
  badFile(
    `${path} has ${pixels(size)} pixels, but ${first} has ${pixels(wanted)}: make all equal, ` +
      `such as by ImageMagick's 'mogrify -resize ${wanted.width}x${wanted.height}!'`,
  )
