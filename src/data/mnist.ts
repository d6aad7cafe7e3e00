/**
 * MNIST (LeCun, Cortes & Burges): its four idx files, from the user's folder, the cache or a mirror.
 * Their checksums are always compared, wherever they come from: a certified error "on MNIST" must be on MNIST.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { explainFileError, readWholeFile, writeFileAtomic } from '../formats/atomic.ts'
import { gunzipIfNeeded } from '../formats/gzip.ts'
import { parseIdx } from '../formats/idx.ts'
import type { Dataset } from './dataset.ts'
import { type DownloadProgress, cacheDirectory, download } from './download.ts'

type Part = 'train' | 'test'

/** Where MNIST comes from, and by which checksums it is known; tests put small files of their own in its place. */
export interface MnistSource {
  /** md5 of the uncompressed files, by name. */
  readonly md5: Readonly<Record<string, string>>
  /** The files of each part. */
  readonly parts: Readonly<Record<Part, { readonly images: string; readonly labels: string }>>
  readonly mirrors: readonly string[]
  readonly stallMs?: number
}

const parts = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
}

export const mnistSource: MnistSource = {
  md5: {
    [parts.train.images]: '6bbc9ace898e44ae57da46a324031adb',
    [parts.train.labels]: 'a25bea736e30d166cdddb491f175f624',
    [parts.test.images]: '2646ac647ad5339dbf082846283269ea',
    [parts.test.labels]: '27ae3e4e09519cfbb04c329615203637',
  },
  parts,
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
}

export interface FileStatus {
  readonly file: string
  /** Where it was found. */
  readonly path: string | undefined
  readonly status: 'ok' | 'missing' | 'corrupt'
  /** Of the uncompressed content, where there is one. */
  readonly md5: string | undefined
}

export interface MnistOptions {
  /** The user's folder: searched first, itself and its subfolder mnist, for files as they are or as .gz. */
  readonly dataDirectory?: string
  readonly onProgress?: (progress: DownloadProgress) => void
}

/**
 * Loads the training (60,000) or the test images (10,000), in their original order: from the user's folder, else the
 * cache, else downloaded into the cache.
 * @throws UserError if a file is damaged, or is nowhere and cannot be downloaded
 */
export async function loadMnist(part: Part, options: MnistOptions = {}, source = mnistSource): Promise<Dataset> {
  const names = source.parts[part]
  const images = parseIdx(await obtain(names.images, options, source), names.images, 3)
  const labels = parseIdx(await obtain(names.labels, options, source), names.labels, 1)
  const [count, height, width] = images.dimensions as [number, number, number]
  return {
    name: 'mnist',
    shape: { channels: 1, height, width },
    classes: 10,
    images: shared(images.data),
    labels: shared(labels.data),
    count,
  }
}

/** What is in the folder, or in the cache if none is given. @throws UserError if the folder or a file is unreadable */
export function verifyMnist(dataDirectory?: string, source = mnistSource): FileStatus[] {
  if (dataDirectory !== undefined) requireFolder(dataDirectory)
  return Object.keys(source.md5).map((file) => inspect(file, dataDirectory ?? mnistCache(), source))
}

/**
 * Downloads the files that the folder (the cache by default; made if need be) lacks, and those of earlier downloads
 * that are damaged.
 * @returns what then is there: four times 'ok'
 * @throws UserError if no mirror delivers, if the folder cannot be written, or if a damaged file is in the way that
 *   no download made
 */
export async function downloadMnist(
  directory: string = mnistCache(),
  onProgress?: (progress: DownloadProgress) => void,
  source = mnistSource,
): Promise<FileStatus[]> {
  for (const file of Object.keys(source.md5)) {
    const { status, path, md5 } = inspect(file, directory, source)
    if (status === 'corrupt' && path !== join(directory, `${file}.gz`)) throw corrupt(path!, file, md5, source)
    if (status !== 'ok') await downloadInto(directory, file, onProgress, source)
  }
  return verifyMnist(directory, source)
}

const mnistCache = () => join(cacheDirectory(), 'mnist')

/** The checked, uncompressed content of a file. */
async function obtain(file: string, { dataDirectory, onProgress }: MnistOptions, source: MnistSource) {
  if (dataDirectory !== undefined) requireFolder(dataDirectory)
  const path = (dataDirectory !== undefined && locate(file, dataDirectory)) || locate(file, mnistCache())
  if (path) return check(readWholeFile(path), path, file, source)
  return check(await downloadInto(mnistCache(), file, onProgress, source), file, file, source)
}

async function downloadInto(
  directory: string,
  file: string,
  onProgress: MnistOptions['onProgress'],
  source: MnistSource,
): Promise<Uint8Array> {
  const { mirrors, stallMs } = source
  const options = { ...(onProgress && { onProgress }), ...(stallMs !== undefined && { stallMs }) }
  const name = `${file}.gz`
  const verify = (sent: Uint8Array) => {
    if (md5IfReadable(sent) !== source.md5[file]) throw new UserError('sent something else, or only a part')
  }
  try {
    makeFolder(directory)
    const bytes = await download(name, mirrors, verify, options)
    writeFileAtomic(join(directory, name), bytes)
    return bytes
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const files = Object.keys(source.md5).join(', ')
    throw new UserError(
      `${error.message}. Put ${files} (each as it is or as .gz) into a folder DIR and give --data DIR`,
    )
  }
}

function locate(file: string, directory: string): string | undefined {
  const names = [file, `${file}.gz`, join('mnist', file), join('mnist', `${file}.gz`)]
  return names.map((name) => join(directory, name)).find((path) => existsSync(path))
}

function inspect(file: string, directory: string, source: MnistSource): FileStatus {
  const path = locate(file, directory)
  if (!path) return { file, path, status: 'missing', md5: undefined }
  const md5 = md5IfReadable(readWholeFile(path))
  return { file, path, status: md5 === source.md5[file] ? 'ok' : 'corrupt', md5 }
}

/** @returns the bytes uncompressed @throws UserError if they are not those of MNIST's file */
function check(bytes: Uint8Array, where: string, file: string, source: MnistSource): Uint8Array {
  const plain = gunzipIfNeeded(bytes, where)
  const md5 = md5Of(plain)
  if (md5 !== source.md5[file]) throw corrupt(where, file, md5, source)
  return plain
}

function corrupt(where: string, file: string, md5: string | undefined, source: MnistSource): UserError {
  const found = md5 ? `its md5 is ${md5}, not ${source.md5[file]}` : 'it cannot be uncompressed'
  return new UserError(`${where} is damaged, or is not MNIST's ${file}: ${found}: replace or delete it`)
}

function md5IfReadable(bytes: Uint8Array): string | undefined {
  try {
    return md5Of(gunzipIfNeeded(bytes, ''))
  } catch {
    return undefined
  }
}

const md5Of = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw explainFileError(error, 'create', path)
  }
}

function requireFolder(path: string): void {
  if (!existsSync(path)) throw new UserError(`there is no data folder ${path}: create it, or leave it out`)
  if (!statSync(path).isDirectory()) throw new UserError(`the data folder ${path} is not a folder`)
}

function shared(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
