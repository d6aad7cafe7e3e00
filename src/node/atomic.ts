/** Whole files, read and written in one go, with the system's errors put into words for the user. */
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../base/errors.ts'

/**
 * Writes `data` so that `path` holds either its old content or all of the new, whatever happens in between:
 * into a temporary file of the same folder, flushed to the disk, then renamed.
 * The folder must exist. A file that is already there is replaced.
 * @throws UserError if it cannot be written; the temporary file is then removed
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`)
  let created = false
  try {
    const descriptor = openSync(temporary, 'wx')
    created = true
    try {
      writeFileSync(descriptor, data)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (error) {
    if (created) rmSync(temporary, { force: true })
    throw explainFileError(error, 'write', path)
  }
}

/** The whole file. @throws UserError if there is none, or it is a folder or cannot be read */
export function readWholeFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return readFileSync(path)
  } catch (error) {
    throw explainFileError(error, 'read', path)
  }
}

/** Whether `error` is a system error of one of these codes ('ENOENT'). */
export const hasCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

/**
 * The `UserError` for a failed file operation, or the error itself if it is not the system's.
 * @param action what was tried: 'write', 'read', 'create'
 */
export function explainFileError(error: unknown, action: string, path: string): unknown {
  if (error instanceof UserError || !(error instanceof Error && 'code' in error)) return error
  const why = reason(String(error.code), action, path) ?? error.message
  return new UserError(`cannot ${action} ${path}: ${why}`, { code: 'no-access', cause: error })
}

function reason(code: string, action: string, path: string): string | undefined {
  switch (code) {
    case 'ENOENT':
      return action === 'read' ? 'there is no such file' : whyNothingThere(dirname(path))
    case 'ENOTDIR':
      return `${nearestAbove(path)} is not a folder`
    case 'ENAMETOOLONG':
      return 'the name is too long: choose a shorter one'
    case 'ELOOP':
      return 'symbolic links lead around in a circle'
    case 'EEXIST':
      return 'something is there already, maybe a symbolic link that leads nowhere'
    case 'EISDIR':
      return 'it is a folder, not a file'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'EROFS':
      return 'the file system is read-only: choose another folder'
    case 'ENOSPC':
      return 'no space left on the disk: free some, or choose another folder'
    case 'EDQUOT':
      return 'the disk quota is used up: free some space, or choose another folder'
    case 'ERR_FS_FILE_TOO_LARGE':
      return 'the file is larger than 2 GiB'
    default:
      return undefined
  }
}

/** Why nothing can be written in a folder. */
function whyNothingThere(folder: string): string {
  if (existsSync(folder)) return `${folder} takes no new files or folders: choose another place`
  const above = nearestAbove(folder)
  try {
    accessSync(above, constants.W_OK)
    return `there is no folder ${folder}: create it first`
  } catch {
    return `there is no folder ${folder}, and ${above} takes no new ones: choose another place`
  }
}

/** What exists of the way to a path. */
function nearestAbove(path: string): string {
  let at = dirname(path)
  while (!existsSync(at)) at = dirname(at)
  return at
}
