/**
 * What the reproductions of the paper's tables and figures share: their settings, the folders that they write to, and
 * trainings that continue where they stopped.
 */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Dataset, takeRange } from '../data/dataset.ts'
import { loadDataset } from '../node/data/load-dataset.ts'
import type { DownloadProgress } from '../node/data/download.ts'
import { UserError } from '../base/errors.ts'
import { writeFileAtomic } from '../node/atomic.ts'
import { makeFolder } from '../node/folder.ts'
import { Lock, withoutLocks } from '../node/lock.ts'
import { RunFolder } from '../node/training/checkpoint.ts'
import type { TrainingOptions } from '../training/settings.ts'
import { type RunOptions, type RunResult, resumeRun, trainRun } from '../node/training/run.ts'

/** What makes a reproduction smaller than the paper's experiment; whatever is left out is as in the paper. */
export interface Scale {
  /** Epochs of each training; the schedule shrinks in proportion. */
  readonly epochs?: number | undefined
  /** How many test images, from the first on. */
  readonly images?: number | undefined
  /** How many training images, from the first on. */
  readonly trainingCount?: number | undefined
  /** How many images are set aside for validation. */
  readonly validationCount?: number | undefined
}

/** The data sets for the figures on MNIST: synthetic digits are for trying a figure out without files. */
export const figureDatasets = ['mnist', 'synthetic'] as const
export type FigureDataset = (typeof figureDatasets)[number]

export interface FigureSettings extends Scale {
  /** 'mnist' if left out. */
  readonly dataset?: FigureDataset | undefined
}

/** Shows how far a reproduction is. */
export interface Watcher {
  /** A training begins. @param title which of several it is */
  readonly training: (title: string, options: TrainingOptions) => Pick<RunOptions, 'onProgress' | 'onReport'>
  /** A part over `total` images begins. @returns a function to call with the number of images that are done */
  readonly part: (title: string, total: number) => (done: number) => void
  readonly onDownload?: (progress: DownloadProgress) => void
}

/** Where and how a reproduction runs; none of it changes a figure. */
export interface Surroundings {
  readonly out: string
  /** Continue what is in `out`, if there is anything. */
  readonly resume: boolean
  readonly workers: number
  readonly dataDirectory?: string | undefined
  readonly watch: Watcher
}

/** What a reproduction has made. */
export interface Reproduction {
  /** What its JSON file holds. */
  readonly data: unknown
  /** What its Markdown file holds. */
  readonly text: string
  readonly files: readonly string[]
}

const SETTINGS = 'settings.json'

/** Settings as a file has them: without those that are not set. */
const plain = (settings: object): Record<string, unknown> => JSON.parse(JSON.stringify(settings))

/**
 * Whether there is a folder for something with these settings.
 * @throws UserError if it is there and `resume` is false, or has other settings, or is not a folder of ours
 */
export function checkFolder(path: string, settings: object, resume: boolean): boolean {
  if (!existsSync(path)) return false
  if (statSync(path).isDirectory() && withoutLocks(readdirSync(path)).length === 0) return false
  if (!resume) throw new UserError(`${path} exists already: continue it with --resume, or choose another --out`)
  requireEqual(path, readSettings(path), plain(settings))
  return true
}

interface Place {
  readonly out: string
  readonly settings: object
  readonly resume: boolean
}

/**
 * Does work in a folder, which is made if it is not there, while no other process writes to it.
 * @throws UserError as `checkFolder`, and if another process is at it
 */
export async function workIn<T>({ out, settings, resume }: Place, work: () => T | Promise<T>): Promise<T> {
  checkFolder(out, settings, resume)
  makeFolder(out)
  const lock = Lock.ofFolder(out)
  try {
    if (!checkFolder(out, settings, resume)) {
      writeFileAtomic(join(out, SETTINGS), `${JSON.stringify(plain(settings), undefined, 2)}\n`)
    }
    return await work()
  } finally {
    lock.release()
  }
}

function readSettings(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(path, SETTINGS), 'utf8'))
  } catch {
    throw new UserError(`${path} is not a folder of robustra reproduce (no ${SETTINGS}): choose another --out`)
  }
}

function requireEqual(path: string, there: Record<string, unknown>, here: Record<string, unknown>): void {
  const say = (value: unknown) => (value === undefined ? 'not set' : JSON.stringify(value))
  const differing = [...new Set([...Object.keys(there), ...Object.keys(here)])]
    .filter((key) => JSON.stringify(there[key]) !== JSON.stringify(here[key]))
    .map((key) => `${key} is ${say(there[key])} there, ${say(here[key])} here`)
  if (differing.length === 0) return
  throw new UserError(`${path} was started with other settings (${differing.join('; ')}): choose another --out`)
}

interface Training {
  /** Which of several trainings it is. */
  readonly title: string
  /** After each whole epoch, once it is saved. */
  readonly onSaved?: () => Promise<void>
}

/**
 * Trains in a folder, or continues what was begun there.
 * @throws UserError if the run that is there has other settings; as `train`
 */
export function trainIn(
  path: string,
  options: TrainingOptions,
  { workers, dataDirectory, watch }: Surroundings,
  { title, onSaved }: Training,
): Promise<RunResult> {
  const run: RunOptions = {
    ...{ out: path, workers, dataDirectory, ...watch.training(title, options) },
    ...(watch.onDownload && { onDownload: watch.onDownload }),
    ...(onSaved && { onSaved }),
  }
  if (!existsSync(join(path, 'config.json'))) return trainRun(options, run)
  requireEqual(path, { ...new RunFolder(path).options() }, { ...options })
  return resumeRun(run)
}

/** The test images that are asked for. @throws UserError if there are not so many */
export async function testImages(
  dataset: string,
  images: number | undefined,
  { dataDirectory, watch }: Surroundings,
): Promise<Dataset> {
  const all = await loadDataset(dataset, 'test', {
    ...(dataDirectory !== undefined && { dataDirectory }),
    ...(watch.onDownload && { onProgress: watch.onDownload }),
  })
  return images === undefined ? all : takeRange(all, 0, images)
}
