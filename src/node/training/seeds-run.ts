/**
 * Several runs that differ in nothing but their seed, one after another, in one folder: `seeds.json` says which, each run
 * has its own folder `seed-N` (checkpoint.ts), and `summary.json` has what those that are done come to.
 */
import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { trainingOptions } from '../../training/options.ts'
import { type SeedResult, resultOf, spreadsOf } from '../../training/seeds.ts'
import type { TrainingOptions } from '../../training/settings.ts'
import { writeFileAtomic } from '../atomic.ts'
import { makeFolder } from '../folder.ts'
import { Lock, withoutLocks } from '../lock.ts'
import { RunFolder } from './checkpoint.ts'
import { type RunOptions, resumeRun, trainRun } from './run.ts'

/** What all of the runs have, and the seed of each. */
export interface Seeds {
  /** The seed in them is the first. */
  readonly options: TrainingOptions
  readonly seeds: readonly number[]
}

const listOf = (folder: string) => join(folder, 'seeds.json')

/** Whether a folder has runs of several seeds. */
export const isSeedsFolder = (path: string): boolean => existsSync(listOf(path))

/** @throws UserError if there is none, or it is damaged */
export function readSeeds(folder: string): Seeds {
  const path = listOf(folder)
  if (!existsSync(path)) throw new UserError(`there is no run of several seeds in ${folder}: give the folder of one`)
  try {
    const { options, seeds } = JSON.parse(readFileSync(path, 'utf8'))
    if (!Array.isArray(seeds) || seeds.length === 0 || !seeds.every(Number.isSafeInteger)) throw new Error('no seeds')
    return { options: trainingOptions(options), seeds }
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}`)
  }
}

/** The folder of one of the runs. */
const seedFolder = (folder: string, seed: number): string => join(folder, `seed-${seed}`)

/** What a run is told, besides its settings. */
export type RunFor = (out: string, options: TrainingOptions) => RunOptions

/**
 * Trains in a new folder. If not even the first run can begin, there is no folder afterwards.
 * @throws UserError if it exists and is not empty, or cannot be made; otherwise as `trainRun`
 */
export async function trainSeeds(folder: string, seeds: Seeds, runFor: RunFor): Promise<SeedResult[]> {
  makeFolder(folder)
  const train = async () => {
    if (withoutLocks(readdirSync(folder)).length > 0)
      throw new UserError(`${folder} exists already`, { code: 'exists' })
    writeFileAtomic(listOf(folder), `${JSON.stringify(seeds, undefined, 2)}\n`)
    try {
      return await trainAll(folder, seeds, runFor)
    } catch (error) {
      if (!seeds.seeds.some((seed) => RunFolder.isAt(seedFolder(folder, seed)))) rmSync(listOf(folder))
      throw error
    }
  }
  try {
    return await locked(folder, train)
  } finally {
    if (readdirSync(folder).length === 0) rmdirSync(folder)
  }
}

/** Continues in a folder. Runs that are done stay as they are. @throws as `readSeeds`, `trainRun` and `resumeRun` */
export async function resumeSeeds(folder: string, runFor: RunFor): Promise<SeedResult[]> {
  const seeds = readSeeds(folder)
  return locked(folder, () => trainAll(folder, seeds, runFor))
}

/** Does it while no other process writes to the folder. */
async function locked<T>(folder: string, what: () => Promise<T>): Promise<T> {
  const lock = Lock.ofFolder(folder)
  try {
    return await what()
  } finally {
    lock.release()
  }
}

async function trainAll(folder: string, { options, seeds }: Seeds, runFor: RunFor): Promise<SeedResult[]> {
  const results: SeedResult[] = []
  for (const seed of seeds) {
    const own = { ...options, seed }
    const out = seedFolder(folder, seed)
    const run = runFor(out, own)
    const result = await (RunFolder.isAt(out) ? resumeRun(run) : trainRun(own, run))
    results.push(resultOf(seed, result))
    writeFileAtomic(
      join(folder, 'summary.json'),
      `${JSON.stringify({ ...spreadsOf(results), runs: results }, undefined, 2)}\n`,
    )
  }
  return results
}
