/** Counterexamples of a table of instances: a file for every row that is sat, in one folder. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Counterexample, formatCounterexample } from '../../region/counterexample.ts'
import { UserError } from '../../base/errors.ts'
import { writeFileAtomic } from '../atomic.ts'
import { makeFolder } from '../folder.ts'
import { withoutLocks } from '../lock.ts'
import type { Instance } from './instances-table.ts'

export class CounterexampleFolder {
  readonly path: string

  /**
   * A new folder, made if there is none, or with `resume` also one that has files.
   * @throws UserError if it has files and `resume` is false, or cannot be made
   */
  constructor(path: string, resume: boolean) {
    this.path = path
    if (existsSync(path) && !statSync(path).isDirectory()) {
      throw new UserError(`${path} is a file, not a folder`, { code: 'other-run' })
    }
    makeFolder(path)
    if (resume || withoutLocks(readdirSync(path)).length === 0) return
    throw new UserError(`the folder ${path} is not empty`, { code: 'exists' })
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name))
  }

  /**
   * Writes the counterexample of an instance in the format of VNN-COMP, atomically; without one, a file that a run before
   * has left goes.
   * @param index of the instance in its table
   * @returns the file's name: the number of the row, the network, the property
   * @throws UserError if it cannot be written
   */
  put(index: number, { network, property }: Instance, found: Counterexample | undefined): string | undefined {
    const name = `${[index + 1, stem(network), stem(property)].join('_')}.txt`
    const path = join(this.path, name)
    if (!found) {
      rmSync(path, { force: true })
      return undefined
    }
    writeFileAtomic(path, `${formatCounterexample(found)}\n`)
    return name
  }
}

/** The name of a file without its endings, of characters that all file systems take. */
const stem = (path: string): string =>
  basename(path)
    .replace(/\.gz$/i, '')
    .replace(/\.\w+$/, '')
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 80)
