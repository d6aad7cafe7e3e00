/** Folders of tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A new folder, which is deleted after the last test of the file that asked for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'robustra-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same, with names and files that no other test has. */
export function temporaryFiles() {
  const folder = temporaryFolder()
  let files = 0
  /** A path in the folder at which there is nothing yet. */
  const newPath = (name: string) => join(folder, `${files++}-${name}`)
  const write = (name: string, text: string) => {
    const path = newPath(name)
    writeFileSync(path, text)
    return path
  }
  return { folder, newPath, write }
}
