/** One row of Table 2: both trainings, the choice by validation images, and the errors on test images. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../base/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { writeFileAtomic } from '../node/atomic.ts'
import { loadNetwork } from '../node/network-file.ts'
import { type Best, betterOf } from '../training/best.ts'
import { hashOfNetwork } from '../node/certificates/hash.ts'
import { type Scale, type Surroundings, checkFolder, workIn, testImages, trainIn } from './experiment.ts'
import { type Errors, measureErrors } from './measure.ts'
import { type RowMethod, type RowPlan, rowMethods, rowOptions, rowPlan } from './table2-rows.ts'
import { type Machine, machine } from './text.ts'

export interface Table2Settings extends Scale {
  /** Seconds that the complete search may take for an image. */
  readonly timeout: number
}

/** A network, by the epoch that made it, and its errors. */
export interface Measured extends Errors {
  readonly network: string
  /** Counts from 1. */
  readonly epoch: number
  /** The errors on validation images, by which it was chosen. */
  readonly validation: { readonly clean: number; readonly lp: number }
}

export interface MethodResult {
  /** The lowest LP error on validation images, of all epochs and, of a pair, of both networks. */
  readonly chosen: Measured
  /** After the last epoch, of a pair the better one by the same measure. */
  readonly last: Measured
  readonly trainingSeconds: number
}

export interface RowResult {
  readonly row: string
  readonly seed: number
  readonly epochs: number
  readonly images: number
  readonly settings: Table2Settings
  readonly machine: Machine
  readonly methods: Readonly<Record<RowMethod, MethodResult>>
}

const SUMMARY = 'summary.json'

/** What tells the folder of a row from the folders of others. */
export const rowSettings = (row: string, settings: Table2Settings) => ({ row, ...settings })

/**
 * Does a row in a folder of its own, continues it, or reads its result. In it each method has a folder, with its training and
 * the certificates of the chosen network and of the last one.
 * @throws UserError for missing data and for what `workIn` refuses
 */
export async function table2Row(name: string, settings: Table2Settings, around: Surroundings): Promise<RowResult> {
  const plan = rowPlan(name)
  const identity = rowSettings(name, settings)
  checkFolder(around.out, identity, around.resume)
  const done = readRow(around.out)
  if (done) return done
  const options = rowOptions(plan, 'robustra', settings)
  const test = await testImages(plan.dataset, settings.images, around)
  return workIn({ out: around.out, settings: identity, resume: around.resume }, async () => {
    const results: Partial<Record<RowMethod, MethodResult>> = {}
    for (const method of rowMethods) results[method] = await doMethod(method, { plan, settings, test }, around)
    const result: RowResult = {
      ...{ row: name, seed: options.seed, epochs: options.epochs, images: test.count, settings },
      machine: machine(around.workers),
      methods: results as Record<RowMethod, MethodResult>,
    }
    writeFileAtomic(join(around.out, SUMMARY), `${JSON.stringify(result, undefined, 2)}\n`)
    return result
  })
}

/** @returns undefined if the row is not done @throws UserError if its summary is damaged */
export function readRow(folder: string): RowResult | undefined {
  const path = join(folder, SUMMARY)
  if (!existsSync(path)) return undefined
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UserError(`${path} is damaged (${(error as Error).message}): delete it, and --resume makes it again`)
  }
}

interface RowInput {
  readonly plan: RowPlan
  readonly settings: Table2Settings
  readonly test: Dataset
}

async function doMethod(
  method: RowMethod,
  { plan, settings, test }: RowInput,
  around: Surroundings,
): Promise<MethodResult> {
  const folder = join(around.out, method)
  const options = rowOptions(plan, method, settings)
  const { reports } = await trainIn(folder, options, around, { title: `${plan.name}, ${method}` })
  const limits = { epsilon: options.epsilon, timeout: settings.timeout }

  const measure = async (best: Best, name: string, file: string): Promise<Measured> => {
    const { network } = loadNetwork(join(folder, file))
    const errors = await measureErrors(network, test, { folder, name, ...limits }, around)
    return {
      ...{ network: best.network, epoch: best.epoch },
      validation: { clean: best.cleanError, lp: best.certifiedError! },
      ...errors,
    }
  }
  const hash = (file: string) => hashOfNetwork(loadNetwork(join(folder, file)).network)
  const best = reports.reduce(betterOf, undefined)!
  const final = reports.filter(({ epoch }) => epoch === options.epochs).reduce(betterOf, undefined)!
  const lastFile = `${final.network}.safetensors`
  const chosen = await measure(best, 'chosen', 'best.safetensors')
  const isSame = hash('best.safetensors') === hash(lastFile)
  return {
    chosen,
    last: isSame ? chosen : await measure(final, 'last', lastFile),
    trainingSeconds: reports.reduce((sum, { seconds }) => sum + seconds, 0),
  }
}
