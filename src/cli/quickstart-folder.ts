/** Where quickstart puts its files. It never deletes other files. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { explainFileError, writeFileAtomic } from '../node/atomic.ts'
import { makeFolder } from '../node/folder.ts'
import { Lock, withoutLocks } from '../node/lock.ts'

const MARKER = 'made-by-robustra-quickstart'

/** An empty folder that no other process writes to, until the lock is released. */
export interface Place {
  readonly path: string
  readonly lock: Lock
  /** What to say about it. */
  readonly note: string | undefined
}

/**
 * Makes the folder empty: `wanted` if it does not exist or an earlier quickstart made it; otherwise `wanted` with a
 * number after its name.
 * @throws UserError if another process is at it, or it cannot be made
 */
export function prepareFolder(wanted: string): Place {
  for (let number = 1; ; number++) {
    const path = number === 1 ? wanted : `${wanted}-${number}`
    const place = openFolder(path)
    if (!place) continue
    const { lock, isOurs } = place
    const note = isOurs
      ? `overwrites ${path}, which an earlier quickstart made`
      : number > 1
        ? `writes to ${path}, since ${wanted} is not a quickstart's`
        : undefined
    return { path, lock, note }
  }
}

/** @returns undefined if there are files of others */
function openFolder(path: string): { readonly lock: Lock; readonly isOurs: boolean } | undefined {
  try {
    if (existsSync(path) && isOthers(path)) return undefined
    makeFolder(path)
    const lock = Lock.ofFolder(path)
    // only now can nobody else put anything there
    if (isOthers(path)) {
      lock.release()
      return undefined
    }
    const isOurs = existsSync(join(path, MARKER))
    for (const name of withoutLocks(readdirSync(path))) rmSync(join(path, name), { recursive: true })
    writeFileAtomic(join(path, MARKER), 'Another quickstart may overwrite this folder. Delete this file to keep it.\n')
    return { lock, isOurs }
  } catch (error) {
    throw explainFileError(error, 'make the folder', path)
  }
}

function isOthers(path: string): boolean {
  const content = withoutLocks(readdirSync(path))
  return content.length > 0 && !content.includes(MARKER)
}
