/**
 * The files of a published data set: from the user's folder, the cache or a mirror.
 * Their checksums are always compared, wherever they come from: a certified error "on MNIST" must be on MNIST.
 */
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../../base/errors.ts'
import { type PublishedFiles, isPacked } from '../../data/published.ts'
import { explainFileError, readWholeFile, writeFileAtomic } from '../atomic.ts'
import { makeFolder } from '../folder.ts'
import { gunzipIfNeeded } from '../gunzip.ts'
import { readTar } from '../../formats/tar.ts'
import { type DownloadProgress, cacheDirectory, download } from './download.ts'

export interface FileStatus {
  readonly file: string
  /** Where it was found: itself, or the archive that holds it. */
  readonly path: string | undefined
  readonly status: 'ok' | 'missing' | 'corrupt'
  /** Of the uncompressed content, where there is one. */
  readonly md5: string | undefined
}

export type OnProgress = (progress: DownloadProgress) => void

export interface FileOptions {
  /** The user's folder: searched first, itself and its subfolders of the data set's name, for files as they are or .gz. */
  readonly dataDirectory?: string
  readonly onProgress?: OnProgress
}

/**
 * The uncompressed contents of `files`: from the user's folder, else the cache, else downloaded into the cache.
 * @throws UserError if a file is damaged, or is nowhere and cannot be downloaded
 */
export async function obtainFiles(
  files: readonly string[],
  { dataDirectory, onProgress }: FileOptions,
  source: PublishedFiles,
): Promise<Uint8Array[]> {
  if (dataDirectory !== undefined) requireFolder(dataDirectory)
  const cache = cacheOf(source)
  const find = finder(source)
  const contents: Uint8Array[] = []
  for (const file of files) {
    const search = () => (dataDirectory !== undefined && find(file, dataDirectory)) || find(file, cache)
    if (!search()) await downloadInto(cache, file, onProgress, source)
    const { path, read } = search()!
    // a signal is heard between two files: hashing one of CIFAR-10's takes a while
    await setImmediate()
    const content = read()
    const md5 = md5Of(content)
    if (md5 !== source.md5[file]) throw corrupt(path, file, md5, source)
    contents.push(file.endsWith('.gz') ? gunzipIfNeeded(content, path) : content)
  }
  return contents
}

/** What is in the folder, or in the cache if none is given. @throws UserError if the folder or a file is unreadable */
export function verifyFiles(dataDirectory: string | undefined, source: PublishedFiles): FileStatus[] {
  if (dataDirectory !== undefined) requireFolder(dataDirectory)
  return inspect(dataDirectory ?? cacheOf(source), source)
}

/**
 * Downloads the files that the folder (the cache if none is given; made if need be) lacks, and those of earlier
 * downloads that are damaged.
 * @returns what then is there: every file 'ok'
 * @throws UserError if no mirror delivers, if the folder cannot be written, or if a damaged file is in the way that
 *   no download made
 */
export async function downloadFiles(
  directory: string | undefined,
  onProgress: OnProgress | undefined,
  source: PublishedFiles,
): Promise<FileStatus[]> {
  const target = directory ?? cacheOf(source)
  const wanted = inspect(target, source).filter(({ status }) => status !== 'ok')
  for (const { file, path, md5 } of wanted) {
    if (path !== undefined && path !== downloadPath(target, file, source)) throw corrupt(path, file, md5, source)
  }
  // an archive brings all files at once
  for (const { file } of source.archive ? wanted.slice(0, 1) : wanted) {
    await downloadInto(target, file, onProgress, source)
  }
  return inspect(target, source)
}

const cacheOf = ({ name, folder = name }: PublishedFiles) => join(cacheDirectory(), folder)

/** Where a download puts a file. */
const downloadPath = (directory: string, file: string, { archive }: PublishedFiles) =>
  archive ? join(directory, archive.folder, file) : join(directory, publishedName(file))

const publishedName = (file: string) => (isPacked(file) ? file : `${file}.gz`)

interface Found {
  readonly path: string
  /** The uncompressed content. @throws UserError if it cannot be read or uncompressed */
  readonly read: () => Uint8Array
}

/** Looks for files in a folder; an archive is opened once, by the first file that is read from it. */
function finder({
  name,
  folder = name,
  archive,
}: PublishedFiles): (file: string, directory: string) => Found | undefined {
  const subfolders = archive ? ['', folder, archive.folder, join(folder, archive.folder)] : ['', folder]
  const opened = new Map<string, Map<string, Uint8Array>>()
  const readMember = (path: string, file: string) => {
    const members = opened.get(path) ?? readTar(gunzipIfNeeded(readWholeFile(path), path), path)
    opened.set(path, members)
    const member = [...members].find(([name]) => basename(name) === file)
    if (!member) throw new UserError(`${path} does not hold ${file}: replace or delete it`)
    return member[1]
  }
  return (file, directory) => {
    const folders = subfolders.map((subfolder) => join(directory, subfolder))
    const names = isPacked(file) ? [file] : [file, `${file}.gz`]
    const loose = folders.flatMap((at) => names.map((name) => join(at, name))).find((path) => existsSync(path))
    if (loose !== undefined) {
      const read = () => readWholeFile(loose)
      return { path: loose, read: isPacked(file) ? read : () => gunzipIfNeeded(read(), loose) }
    }
    const packed = archive && folders.map((at) => join(at, archive.file)).find((path) => existsSync(path))
    return packed === undefined ? undefined : { path: packed, read: () => readMember(packed, file) }
  }
}

function inspect(directory: string, source: PublishedFiles): FileStatus[] {
  const find = finder(source)
  return Object.keys(source.md5).map((file) => {
    const found = find(file, directory)
    if (!found) return { file, path: undefined, status: 'missing', md5: undefined }
    requireReadable(found.path)
    const md5 = md5IfReadable(found.read)
    return { file, path: found.path, status: md5 === source.md5[file] ? 'ok' : 'corrupt', md5 }
  })
}

/** Downloads that file, or the archive with all files. */
async function downloadInto(
  directory: string,
  file: string,
  onProgress: OnProgress | undefined,
  source: PublishedFiles,
): Promise<void> {
  const { archive, md5, mirrors } = source
  let files = new Map<string, Uint8Array>()
  try {
    makeFolder(dirname(downloadPath(directory, file, source)))
    await download(archive?.file ?? publishedName(file), mirrors, (sent) => (files = unpack(sent, file, source)), {
      ...(onProgress && { onProgress }),
    })
    for (const [name, bytes] of files) writeFileAtomic(downloadPath(directory, name, source), bytes)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const arePacked = Object.keys(md5).every(isPacked)
    const needed =
      `${archive ? `${archive.file}, or ` : ''}${Object.keys(md5).join(', ')}` +
      (arePacked ? '' : ' (each as it is or as .gz)')
    throw new UserError(`${error.message}. Put ${needed} into a folder`, { code: 'no-data' })
  }
}

/** The files to write of what a mirror sent for `file`. @throws UserError unless every checksum is right */
function unpack(sent: Uint8Array, file: string, { archive, md5 }: PublishedFiles): Map<string, Uint8Array> {
  const wrong = () => new UserError('sent something else, or only a part')
  if (!archive) {
    if (md5IfReadable(() => (isPacked(file) ? sent : gunzipIfNeeded(sent, file))) !== md5[file]) throw wrong()
    return new Map([[file, sent]])
  }
  const files = new Map<string, Uint8Array>()
  try {
    for (const [path, content] of readTar(gunzipIfNeeded(sent, archive.file), archive.file)) {
      files.set(basename(path), content)
    }
  } catch {
    throw wrong()
  }
  const wanted = Object.keys(md5).map((name) => [name, files.get(name)] as const)
  return new Map(
    wanted.map(([name, content]) => {
      if (!content || md5Of(content) !== md5[name]) throw wrong()
      return [name, content]
    }),
  )
}

function corrupt(where: string, file: string, md5: string | undefined, source: PublishedFiles): UserError {
  const found = md5 ? `its md5 is ${md5}, not ${source.md5[file]}` : 'it cannot be uncompressed'
  const what = basename(where).startsWith(file) ? where : `${file} in ${where}`
  return new UserError(`${what} is damaged, or is not ${source.title}'s ${file}: ${found}: replace or delete it`)
}

/** Undefined if the content cannot be uncompressed. */
function md5IfReadable(read: () => Uint8Array): string | undefined {
  try {
    return md5Of(read())
  } catch {
    return undefined
  }
}

const md5Of = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK)
  } catch (error) {
    throw explainFileError(error, 'read', path)
  }
}

function requireFolder(path: string): void {
  if (!existsSync(path)) throw new UserError(`there is no data folder ${path}: create it, or leave it out`)
  if (!statSync(path).isDirectory()) throw new UserError(`the data folder ${path} is not a folder`)
}
