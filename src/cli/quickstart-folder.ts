/** Where quickstart puts its files. It never deletes other files. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { explainFileError, writeFileAtomic } from '../node/atomic.ts'

const MARKER = 'made-by-robustra-quickstart'

/**
 * Makes the folder empty: `wanted` if it does not exist or an earlier quickstart made it; otherwise `wanted` with a
 * number after its name.
 */
export function prepareFolder(wanted: string): { readonly path: string; readonly note?: string } {
  for (let number = 1; ; number++) {
    const path = number === 1 ? wanted : `${wanted}-${number}`
    try {
      const content = existsSync(path) ? readdirSync(path) : []
      const ours = content.includes(MARKER)
      if (content.length > 0 && !ours) continue
      if (ours) rmSync(path, { recursive: true })
      mkdirSync(path, { recursive: true })
      writeFileAtomic(
        join(path, MARKER),
        'Another quickstart may overwrite this folder. Delete this file to keep it.\n',
      )
      const note = ours
        ? `overwrites ${path}, which an earlier quickstart made`
        : number > 1 && `writes to ${path}, since ${wanted} is not a quickstart's`
      return { path, ...(note && { note }) }
    } catch (error) {
      throw explainFileError(error, 'make the folder', path)
    }
  }
}
