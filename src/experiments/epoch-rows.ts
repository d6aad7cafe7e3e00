/** What was measured of a run's networks after each epoch: a file of JSON lines beside the run. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../node/atomic.ts'
import { loadNetwork } from '../node/network-file.ts'
import { readEpochRows } from '../node/training/log-file.ts'
import type { Network } from '../model/network.ts'
import type { EpochReport } from '../training/epoch-report.ts'

export class EpochRows<Row extends { readonly epoch: number }> {
  readonly #path: string
  readonly #rows: Row[]

  /** @throws UserError if the file is there but damaged */
  constructor(path: string) {
    this.#path = path
    this.#rows = existsSync(path) ? readRows<Row>(path) : []
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
  return existsSync(path) ? readRows<EpochReport>(path) : []
}

// what a row says besides its epoch is believed: we wrote it
const readRows = <Row extends { readonly epoch: number }>(path: string) => readEpochRows(path, (row) => row as Row)

/** f and g as a run's last whole epoch left them. */
export interface SavedPair {
  /** Counts from 1. */
  readonly epoch: number
  readonly f: Network
  readonly g: Network
}

/** @returns undefined if no epoch is done, or if the run was killed while it saved one, which it will then repeat */
export function savedPair(run: string): SavedPair | undefined {
  const paths = ['f', 'g'].map((name) => join(run, `${name}.safetensors`))
  if (!paths.every((path) => existsSync(path))) return undefined
  const [f, g] = paths.map((path) => loadNetwork(path))
  const epochs = [f, g].map((file) => Number(file!.metadata['epoch']))
  return epochs[0] === epochs[1] ? { epoch: epochs[0], f: f!.network, g: g!.network } : undefined
}
