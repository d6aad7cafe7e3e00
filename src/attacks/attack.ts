/** Attacks on a network over a range of a data set. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import type { Ball } from '../region/ball.ts'
import type { Domain } from '../region/domain.ts'
import type { Dataset } from '../data/dataset.ts'
import { WorkerPool, scriptBeside } from '../node/threads.ts'
import { UserError, unknownName } from '../base/errors.ts'
import { explainFileError } from '../node/atomic.ts'
import type { Network } from '../model/network.ts'
import type { AttackData, AttackJob } from './attack-worker.ts'
import { type AttackOptions, fgsm, pgd } from './gradient-attack.ts'
import { IMAGES_PER_TASK, type RangeOptions, checkInputs, countTasks, requireWhole } from './inputs.ts'
import type { AdversarialExample } from './recheck.ts'

export const attackMethods = ['fgsm', 'pgd'] as const
export type AttackMethod = (typeof attackMethods)[number]

/** Settings that PGD alone has; for their defaults see `pgdOptions`. */
export interface PgdSettings {
  readonly steps?: number | undefined
  /** Length of a step as a fraction of ε. */
  readonly stepSize?: number | undefined
  readonly restarts?: number | undefined
  readonly randomStart?: boolean | undefined
}

export interface AttackRunOptions extends RangeOptions, PgdSettings {
  readonly method: AttackMethod
  /** A folder, new or empty, for PNGs of the adversarial examples. */
  readonly save?: string | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** What became of one image. */
export interface AttackRow {
  readonly index: number
  readonly label: number
  /** Of the clean image. */
  readonly prediction: number
  /** 'misclassified' images are not attacked; 'withstood' proves nothing. */
  readonly verdict: 'misclassified' | 'vulnerable' | 'withstood'
  /** z_label − max(other logits): clean if misclassified, else at the worst point found. */
  readonly margin: number
  readonly adversarial?: AdversarialExample
  /** The picture that was saved. */
  readonly file?: string
}

export interface AttackSummary extends Ball {
  readonly method: AttackMethod
  readonly attack: AttackOptions
  readonly dataset: string
  readonly images: number
  /** Counts of images: misclassified, and those or successfully attacked. */
  readonly cleanErrors: number
  readonly attackErrors: number
  /** The same as shares of the images. */
  readonly cleanError: number
  readonly attackError: number
  readonly seconds: number
}

/**
 * PGD with settings left out filled in: 40 steps of 0.1 (2.5 / steps if there are fewer than 25), 1 restart, random
 * starts. @throws UserError for numbers that make no sense
 */
export function pgdOptions(settings: PgdSettings, domain: Domain, seed: number): AttackOptions {
  const defaults = pgd(domain, seed)
  const options = {
    ...defaults,
    steps: settings.steps ?? defaults.steps,
    restarts: settings.restarts ?? defaults.restarts,
    randomStart: settings.randomStart ?? defaults.randomStart,
  }
  requireWhole('the number of steps', options.steps, 1, 100_000)
  requireWhole('the number of restarts', options.restarts, 1, 100_000)
  const stepSize = settings.stepSize ?? Math.max(defaults.stepSize, 2.5 / options.steps)
  if (!(stepSize > 0 && Number.isFinite(stepSize))) {
    throw new UserError(`the step size must be a positive number (a fraction of ε), not ${stepSize}`)
  }
  return { ...options, stepSize }
}

/**
 * Attacks the images `first` to `last` − 1. Sound: an image is 'vulnerable' only by a point that `recheck` confirmed.
 * Complete: no. Image i draws from streams named by (seed, i, restart) alone: neither workers nor the range matter.
 * @returns one row per image in order, and sums over them
 * @throws UserError for input that makes no sense, or if pictures cannot be written
 */
export async function attack(
  given: Network,
  dataset: Dataset,
  options: AttackRunOptions,
): Promise<{ readonly rows: readonly AttackRow[]; readonly summary: AttackSummary }> {
  const ball = checkInputs(given, dataset, options)
  // a copy, in case it is being trained
  const network = { ...given, parameters: given.parameters.slice() }
  const settings = attackOptions(options, ball.domain)
  if (options.save !== undefined) prepareFolder(options.save, dataset)
  const started = performance.now()
  const { first, last, save, method } = options
  const tasks = countTasks(options)
  const workers = Math.min(options.workers, tasks)
  const pool = new WorkerPool(scriptBeside(import.meta.url, './attack-worker'), workers, {
    network,
    dataset,
  } satisfies AttackData)
  const job: AttackJob = { first, last, ball, attack: settings, save }
  let tasksDone = 0
  try {
    const results = await pool.run<AttackRow[]>('attack', job, tasks, () => {
      options.onProgress?.(Math.min(++tasksDone * IMAGES_PER_TASK, last - first), last - first)
    })
    const rows = results.flat()
    const cleanErrors = rows.filter(({ verdict }) => verdict === 'misclassified').length
    const attackErrors = rows.filter(({ verdict }) => verdict !== 'withstood').length
    const summary = {
      ...{
        method,
        attack: settings,
        ...ball,
        dataset: dataset.name,
        images: rows.length,
        cleanErrors,
        attackErrors,
      },
      cleanError: cleanErrors / rows.length,
      attackError: attackErrors / rows.length,
      seconds: (performance.now() - started) / 1000,
    }
    return { rows, summary }
  } finally {
    await pool.close()
  }
}

function attackOptions(options: AttackRunOptions, domain: Domain): AttackOptions {
  const { method, seed } = options
  if (method === 'pgd') return pgdOptions(options, domain, seed)
  if (method !== 'fgsm') throw unknownName('attack', method, attackMethods)
  const given = (['steps', 'stepSize', 'restarts', 'randomStart'] as const).filter(
    (name) => options[name] !== undefined,
  )
  if (given.length > 0) {
    throw new UserError(`fgsm is one full step from the image: leave out ${given.join(', ')}, or choose pgd`)
  }
  return fgsm(domain, seed)
}

function prepareFolder(path: string, { shape }: Dataset): void {
  if (shape.channels !== 1 && shape.channels !== 3) {
    throw new UserError(`images of ${shape.channels} channels cannot be saved as PNG`)
  }
  try {
    if (existsSync(path) && readdirSync(path).length > 0) {
      throw new UserError(`the folder ${path} is not empty: choose another one for the pictures`)
    }
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw explainFileError(error, 'make the folder', path)
  }
}
