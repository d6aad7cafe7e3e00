/**
 * Folders, made one level after the other. Node's own recursive mkdir never returns where a file system answers
 * "no such file" to every mkdir, as /proc does.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import { explainFileError, hasCode } from './atomic.ts'

/** Makes a folder, and those that it lies in, unless they are there. @throws UserError if that cannot be */
export function makeFolder(path: string): void {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  missing.forEach(makeOne)
  if (!statSync(path).isDirectory()) {
    throw new UserError(`cannot make the folder ${path}: it is a file`, { code: 'no-access' })
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    // another process was faster
    if (hasCode(error, 'EEXIST') && existsSync(path)) return
    throw explainFileError(error, 'make the folder', path)
  }
}
