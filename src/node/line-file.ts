/**
 * Files of results that grow line by line, so that a killed run leaves whole lines, and at worst a torn last one:
 * resuming cuts that off and continues after it.
 */
import { appendFileSync, closeSync, existsSync, ftruncateSync, openSync, readFileSync, statSync } from 'node:fs'
import { UserError } from '../base/errors.ts'
import { explainFileError, hasCode } from './atomic.ts'
import { Lock } from './lock.ts'

/** What is in a file that is continued, and how many bytes of it are whole. */
export interface Begun<T> {
  readonly value: T
  readonly bytes: number
}

export class LineFile<T> {
  readonly path: string
  /** What was in it when it was opened; undefined if it is new. */
  readonly begun: Begun<T> | undefined
  readonly #lock: Lock
  readonly #descriptor: number

  /**
   * Opens a new file, or with `resume` also one that is there. Until `close`, no other process writes to it.
   * @param parse understands the content of one that is there; throws UserError if it is not ours to continue
   * @throws UserError if it exists and `resume` is false, if another process has it, or if it cannot be read or written
   */
  constructor(path: string, resume: boolean, parse: (content: Buffer) => Begun<T>) {
    this.path = path
    this.#lock = Lock.ofFile(path)
    try {
      const content = readBegun(path, resume)
      this.begun = content && parse(content)
      this.#descriptor = openSync(path, content ? 'a' : 'ax')
    } catch (error) {
      this.#lock.release()
      throw explainFileError(error, 'write', path)
    }
    try {
      ftruncateSync(this.#descriptor, this.begun?.bytes ?? 0)
    } catch (error) {
      this.close()
      throw explainFileError(error, 'write', path)
    }
  }

  /** @throws UserError if they cannot be written */
  append(lines: readonly string[]): void {
    try {
      appendFileSync(this.#descriptor, lines.map((line) => `${line}\n`).join(''))
    } catch (error) {
      throw explainFileError(error, 'write', this.path)
    }
  }

  close(): void {
    closeSync(this.#descriptor)
    this.#lock.release()
  }
}

/**
 * What is in a file of results to continue; undefined if there is none.
 * @throws UserError if it is there and `resume` is false, or if it cannot be read
 */
export function readBegun(path: string, resume: boolean): Buffer | undefined {
  if (!resume) {
    if (!existsSync(path)) return undefined
    throw new UserError(`${path} exists already`, { code: 'exists' })
  }
  try {
    // a pipe or a device might never end
    if (!statSync(path).isFile()) throw new UserError(`${path} is not a regular file`, { code: 'other-run' })
    return readFileSync(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw explainFileError(error, 'read', path)
  }
}
