/**
 * Locks: while a process writes to a file or a folder, a file beside it or in it says which process that is. No other
 * process then writes there. A lock whose process has ended (killed, say) is taken over; of a process on another machine
 * nobody here can know that, so its lock stays until somebody deletes it.
 *
 * A lock appears with its whole content at once, as a hard link to a file that was written before. To take over, a process
 * first needs a second lock, and looks again once it has it: of two that find the same dead owner, one wins.
 */
import { randomUUID } from 'node:crypto'
import { constants, copyFileSync, existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { explainFileError, hasCode } from './atomic.ts'
import { isRunning, startOf } from './process-start.ts'

const LOCK_OF_FOLDER = 'robustra.lock'

/** What a lock says. */
const ownerSchema = z.object({
  id: z.string(),
  process: z.number(),
  machine: z.string(),
  /** When the process started, as its machine counts: another process of that number has another. */
  started: z.string().nullable(),
  /** For people. */
  since: z.string(),
})
type Owner = z.infer<typeof ownerSchema>

export class Lock {
  readonly #path: string
  readonly #text: string

  /** Of a file that is or will be at `path`. @throws UserError if another process has it, or no lock can be written */
  static ofFile(path: string): Lock {
    return new Lock(`${path}.lock`, path)
  }

  /** Of a folder that is there, and all that is in it. @throws UserError as `ofFile` */
  static ofFolder(path: string): Lock {
    return new Lock(join(path, LOCK_OF_FOLDER), path)
  }

  /** @throws UserError if another process writes to the folder */
  static requireFree(folder: string): void {
    const path = join(folder, LOCK_OF_FOLDER)
    const there = read(path)
    if (there !== undefined && !hasEnded(parse(there))) throw inUse(folder, there, path)
  }

  private constructor(path: string, of: string) {
    this.#path = path
    this.#text = JSON.stringify(ourselves())
    const temporary = `${path}.${randomUUID()}.tmp`
    let error: unknown
    try {
      writeFileSync(temporary, this.#text, { flag: 'wx' })
      this.#take(temporary, of)
    } catch (thrown) {
      error = thrown
    }
    if (existsSync(temporary)) rmSync(temporary)
    if (error !== undefined) throw explainFileError(error, 'write', of)
    held.add(this)
  }

  /** Gives it up. Does nothing if that has happened, or if somebody has deleted it. */
  release(): void {
    if (held.delete(this) && read(this.#path) === this.#text) rmSync(this.#path, { force: true })
  }

  #take(temporary: string, of: string): void {
    // whoever held it may end between two looks
    while (!linked(temporary, this.#path)) {
      const there = read(this.#path)
      if (there === undefined) continue
      if (!hasEnded(parse(there))) throw inUse(of, there, this.#path)
      return this.#takeOver(temporary, there, of)
    }
  }

  /** @param there the lock of a process that has ended */
  #takeOver(temporary: string, there: string, of: string): void {
    const second = `${this.#path}.taking`
    if (!linked(temporary, second)) throw inUse(of, read(second), second)
    try {
      const now = read(this.#path)
      if (now !== there) throw inUse(of, now, this.#path)
      renameSync(temporary, this.#path)
    } finally {
      rmSync(second, { force: true })
    }
  }
}

/** Those of this process: they go when it ends, unless it is killed. */
const held = new Set<Lock>()
process.on('exit', () => held.forEach((lock) => lock.release()))

/** What is in a folder besides locks: names of files that a lock's process left when it was killed are none, too. */
export const withoutLocks = (names: readonly string[]): string[] =>
  names.filter((name) => name !== LOCK_OF_FOLDER && !name.startsWith(`${LOCK_OF_FOLDER}.`))

const ourselves = (): Owner => ({
  id: randomUUID(),
  process: process.pid,
  machine: hostname(),
  started: startOf(process.pid) ?? null,
  since: new Date().toISOString(),
})

/** Whether it could be made: false if there is one. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
  } catch (error) {
    return !hasCode(error, 'EEXIST') && copied(from, to)
  }
  return true
}

/** The same on file systems without hard links, where others may see it while it is still empty. */
function copied(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL)
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
  return true
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function parse(text = ''): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Whether the process of a lock is known to have ended. */
const hasEnded = (owner: Owner | undefined): boolean =>
  owner?.machine === hostname() && !isRunning(owner.process, owner.started)

/** @param text of the lock; undefined if it has gone meanwhile */
function inUse(of: string, text: string | undefined, lock: string): UserError {
  const owner = parse(text)
  const here = owner?.machine === hostname()
  const who = owner && ` by process ${owner.process}${here ? '' : ` of the machine ${owner.machine}`}`
  const since = owner && `, since ${owner.since.slice(0, 19).replace('T', ' ')} UTC`
  const isSure = text === undefined || (here && !hasEnded(owner))
  const remedy = isSure ? 'wait until it has ended' : `if you know that nothing writes there any more, delete ${lock}`
  return new UserError(`${of} is in use${who ?? ''}${since ?? ''}: ${remedy}`, { code: 'in-use' })
}
