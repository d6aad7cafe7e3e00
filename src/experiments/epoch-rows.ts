/** What was measured of a run's networks after each epoch: a file of JSON lines beside the run. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { writeFileAtomic } from '../node/atomic.ts'
import { loadNetwork } from '../node/network-file.ts'
import type { Network } from '../model/network.ts'
import type { EpochReport } from '../training/epoch-report.ts'

export class EpochRows<Row extends { readonly epoch: number }> {
  readonly #path: string
  readonly #rows: Row[]

  /** @throws UserError if the file is there but damaged */
  constructor(path: string) {
    this.#path = path
    this.#rows = existsSync(path) ? readLines<Row>(path) : []
  }

  /** By epoch. */
  get rows(): readonly Row[] {
    return this.#rows
  }

  has(epoch: number): boolean {
    return this.#rows.some((row) => row.epoch === epoch)
  }

  add(row: Row): void {
    this.#rows.push(row)
    writeFileAtomic(this.#path, this.#rows.map((one) => `${JSON.stringify(one)}\n`).join(''))
  }
}

/** The log of a run, one row per network and epoch; empty if no epoch is done. @throws UserError if it is damaged */
export function readLog(run: string): EpochReport[] {
  const path = join(run, 'log.jsonl')
  return existsSync(path) ? readLines<EpochReport>(path) : []
}

function readLines<T>(path: string): T[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  } catch (error) {
    throw new UserError(`${path} is damaged (${(error as Error).message}): start again with another --out`)
  }
}

/** f and g as a run's last whole epoch left them. */
export interface SavedPair {
  /** Counts from 0. */
  readonly epoch: number
  readonly f: Network
  readonly g: Network
}

/** @returns undefined if no epoch is done, or if the run was killed while it saved one, which it will then repeat */
export function savedPair(run: string): SavedPair | undefined {
  const paths = ['f', 'g'].map((name) => join(run, `${name}.safetensors`))
  if (!paths.every((path) => existsSync(path))) return undefined
  const [f, g] = paths.map((path) => loadNetwork(path))
  const epochs = [f, g].map((file) => Number(file!.metadata['epoch']) - 1)
  return epochs[0] === epochs[1] ? { epoch: epochs[0], f: f!.network, g: g!.network } : undefined
}
