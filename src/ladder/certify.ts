/** Certification of a network over a range of a data set: streamed to a file, on all workers, resumed after a kill. */
import { createHash } from 'node:crypto'
import { type PgdSettings, pgdOptions } from '../attacks/attack.ts'
import { IMAGES_PER_TASK, type RangeOptions, checkInputs, checkRange } from '../attacks/inputs.ts'
import type { Ball } from '../region/ball.ts'
import type { Dataset } from '../data/dataset.ts'
import { WorkerPool, scriptBeside } from '../node/threads.ts'
import { UserError, unknownName } from '../base/errors.ts'
import { packageVersion } from '../base/version.ts'
import type { Architecture, Network } from '../model/network.ts'
import type { CertifyData, CheapJob, ClimbJob } from './certify-worker.ts'
import { chooseSteps, stepsThatWork } from './chosen-steps.ts'
import { type Draft, isDecided } from './drafts.ts'
import { type CompleteMethod, completeMethods, requireBallsSearchable } from '../region/question.ts'
import { RowFile } from '../node/row-file.ts'
import type { CertifyHeader } from './header.ts'
import type { CertifyRow } from './rows.ts'
import { type CertifySummary, summarise } from './summary.ts'
import type { StepName } from './steps/index.ts'
import { type GraphFile, isGraphFile } from './target.ts'

export interface CertifyOptions extends RangeOptions {
  /** 'clean' is always among them. */
  readonly methods: readonly StepName[]
  readonly pgd?: PgdSettings | undefined
  /** How 'complete' searches: 'bab' if left out. */
  readonly complete?: CompleteMethod | undefined
  /** Seconds that 'complete' may take for one image: 60 if left out. */
  readonly timeout?: number | undefined
  /** The file of rows (JSON lines), see rows.ts. */
  readonly out: string
  /** Continue `out` if it is there. */
  readonly resume: boolean
  /** Called with each new row, in no particular order. */
  readonly onRow?: ((row: CertifyRow) => void) | undefined
  /** Images done, rows of a resumed file included; `dear` once only images are left that take the expensive steps. */
  readonly onProgress?: ((done: number, total: number, dear: boolean) => void) | undefined
}

/**
 * Climbs the ladder for the images `first` to `last` − 1: each step on what the last has left open.
 * Sound: an image counts as robust only if it is classified correctly and a bound that allows for rounding proves it
 * for the whole domain; as vulnerable only by a point of the domain that was run again in float64. Complete: with the
 * method 'complete', except for what exceeds its limits; what is undecided counts as neither.
 * Rows depend on nothing but their image and the header (times apart, and what a time limit cuts off). A file may be
 * resumed with another range.
 * @param given a network of our layers, or what `targetOf` made of a file
 * @throws UserError for input that makes no sense, a file that exists or is of another run, a full disk, lost workers
 * @throws Error if a bound contradicts a point that was found: the program is wrong, and says of which image
 */
export async function certify(
  given: Network | GraphFile,
  dataset: Dataset,
  options: CertifyOptions,
): Promise<CertifySummary> {
  const ball = isGraphFile(given) ? checkRange(dataset, options) : checkInputs(given, dataset, options)
  // a copy, in case it is being trained
  const target = isGraphFile(given) ? given : { ...given, parameters: given.parameters.slice() }
  const header = headerOf(target, dataset, ball, options)
  const { first, last, out, resume } = options
  const total = last - first
  const started = performance.now()
  const file = new RowFile(out, header, resume)
  try {
    const rows = file.rows.filter(({ index }) => first <= index && index < last)
    const resumed = rows.length
    options.onProgress?.(resumed, total, false)
    const there = new Set(rows.map(({ index }) => index))
    const missing = Array.from({ length: total }, (_, i) => first + i).filter((index) => !there.has(index))
    await runLadder({ target, dataset }, header, missing, options, (next, dear) => {
      file.append(next)
      rows.push(...next)
      next.forEach((row) => options.onRow?.(row))
      options.onProgress?.(rows.length, total, dear)
    })
    const seconds = (performance.now() - started) / 1000
    return summarise(header, rows, { first, last, seconds, images: rows.length - resumed })
  } finally {
    file.close()
  }
}

/**
 * Does the cheap steps for all images, in runs of a few, and then the expensive ones for those that are open, one by one.
 * @param take gets rows as they are done; what it throws ends the run
 */
async function runLadder(
  data: CertifyData,
  { epsilon, norm, domain, methods, search }: CertifyHeader,
  indices: readonly number[],
  options: CertifyOptions,
  take: (rows: readonly CertifyRow[], dear: boolean) => void,
): Promise<void> {
  if (indices.length === 0) return
  const climbing = stepsThatWork('question', methods)
  const tasks = Math.ceil(indices.length / IMAGES_PER_TASK)
  const size = Math.min(options.workers, climbing.length > 0 ? indices.length : tasks)
  const pool = new WorkerPool(scriptBeside(import.meta.url, './certify-worker'), size, data)
  let failure: { readonly error: unknown } | undefined
  const run = (kind: string, job: object, count: number, each: (drafts: readonly Draft[]) => void) =>
    pool.run<Draft[]>(kind, job, count, (_task, drafts) => {
      if (failure) return
      try {
        each(drafts)
      } catch (error) {
        failure = { error }
        // the run ends as soon as its workers are gone, whatever they are at
        void pool.close()
      }
    })
  try {
    const open: Draft[] = []
    const ball = { epsilon, norm, domain }
    const attack = pgdOptions(options.pgd ?? {}, domain, options.seed)
    const cheap: CheapJob = { ball, steps: methods, attack, indices }
    await run('cheap', cheap, tasks, (drafts) => {
      take(drafts.filter(isDecided), false)
      open.push(...drafts.filter((draft) => !isDecided(draft)))
    })
    if (open.length > 0 && !failure) {
      take([], true)
      const { method, timeout } = search ?? searchOf(ball, options)
      const job: ClimbJob = {
        ...{ ball, steps: climbing, search: method, timeout },
        drafts: open.toSorted((a, b) => a.index - b.index),
      }
      await run('climb', job, open.length, (drafts) => take(drafts.filter(isDecided), true))
    }
  } catch (error) {
    throw failure ? failure.error : error
  } finally {
    await pool.close()
  }
  if (failure) throw failure.error
}

/** @throws UserError for options that make no sense */
function headerOf(target: Network | GraphFile, dataset: Dataset, ball: Ball, options: CertifyOptions): CertifyHeader {
  const { seed } = options
  const methods = chooseSteps(options.methods, isGraphFile(target) ? 'graph' : 'layers')
  if (isGraphFile(target)) requireForGraphs(options)
  const { steps, stepSize, restarts, randomStart } = pgdOptions(options.pgd ?? {}, ball.domain, seed)
  const attack = { steps, restarts, seed, ...(!isGraphFile(target) && { stepSize, randomStart }) }
  const search = searchOf(ball, options)
  return {
    format: 'robustra certificates',
    version: 2,
    robustra: packageVersion,
    network: identityOf(target),
    dataset: { name: dataset.name, sha256: hashOfDataset(dataset) },
    ...ball,
    methods,
    ...(methods.includes('pgd') && { attack }),
    ...(methods.includes('complete') && { search }),
  }
}

/** @throws UserError for settings of PGD that only the engine heeds */
function requireForGraphs({ pgd }: CertifyOptions): void {
  if (pgd?.stepSize === undefined && pgd?.randomStart === undefined) return
  throw new UserError(
    'PGD chooses its own step sizes and starts where a network is not made of our own layers: leave them out',
  )
}

function searchOf({ norm }: Ball, { complete: method = 'bab', timeout = 60 }: CertifyOptions) {
  if (!completeMethods.includes(method)) throw unknownName('complete method', method, completeMethods)
  if (norm !== 'linf') requireBallsSearchable(method)
  if (!(timeout > 0 && Number.isFinite(timeout))) {
    throw new UserError(`the timeout must be a positive number of seconds, not ${timeout}`)
  }
  return { method, timeout }
}

function identityOf(target: Network | GraphFile): CertifyHeader['network'] {
  if (!isGraphFile(target)) return { name: target.architecture.name, sha256: hashOfNetwork(target) }
  const { name, sha256: file, normalisation, output } = target
  const more = [normalisation, output && { output }].flatMap((one) => (one ? [JSON.stringify(one)] : []))
  return { name, sha256: more.length > 0 ? sha256(new TextEncoder().encode(file + more.join(''))) : file }
}

/** Identifies what a network computes: its shapes and layers, not its name, and its parameters. */
export function hashOfNetwork({ architecture, parameters }: Network): string {
  const bytes = new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength)
  return sha256(new TextEncoder().encode(describe(architecture)), bytes)
}

/** Identifies images and labels. */
export const hashOfDataset = ({ images, labels }: Dataset): string => sha256(images, labels)

/** With the keys in a fixed order, whoever made the objects. */
function describe({ input, layers }: Architecture): string {
  const sorted = (object: object) => Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([sorted(input), layers.map(sorted)])
}

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
