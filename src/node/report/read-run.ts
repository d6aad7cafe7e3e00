/** What a report needs of a run's folder: settings, log and networks, whichever version of the program wrote them. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../base/errors.ts'
import { readWholeFile } from '../atomic.ts'
import { loadNetwork } from '../any-network.ts'
import type { Network } from '../../model/network.ts'
import { trainingOptions } from '../../training/options.ts'
import type { GivenOptions } from '../../training/settings.ts'
import { hashOfNetwork } from '../certificates/hash.ts'

export type Settings = Readonly<Record<string, unknown>>

export interface RunData {
  readonly path: string
  /** Those that the run was started with; what its version did not know yet has its default. */
  readonly settings: Settings
  /** What they would be if no more than the data set, the architecture and the epochs had been chosen. */
  readonly defaults: Settings
  /** A row per network and epoch. */
  readonly log: readonly Epoch[]
  /** best, f and g, as far as they are there. */
  readonly networks: readonly KnownNetwork[]
}

/** A network that certificates may be of. */
export interface KnownNetwork {
  /** For people: 'g, epoch 6'. */
  readonly name: string
  readonly path: string
  readonly network: Network
  readonly sha256: string
}

const share = z.number().min(0).max(1)
const epochSchema = z.object({
  epoch: z.int().min(0),
  network: z.string(),
  loss: z.number().nullable(),
  cleanError: share.nullable(),
  // logs of older versions have none
  attackError: share.nullish(),
  certifiedError: share.nullable(),
  epsilon: z.number(),
  unstable: share.nullish(),
  space: z.object({ t: z.number(), loose: share, tight: share, infeasible: share }).optional(),
  seconds: z.number(),
})
/** What of an `EpochReport` is drawn. */
export type Epoch = z.infer<typeof epochSchema>

/** Whether a folder is that of a run. */
export const isRunFolder = (path: string): boolean => existsSync(join(path, 'config.json'))

/** @throws UserError naming the file, if one is damaged; those that are not there yet are left out */
export function readRun(path: string): RunData {
  const given = readSettings(join(path, 'config.json'))
  const defaults = defaultsFor(given)
  return {
    path,
    settings: { ...defaults, ...given },
    defaults,
    log: readLog(join(path, 'log.jsonl')),
    networks: ['best', 'f', 'g'].flatMap((name) => {
      const file = join(path, `${name}.safetensors`)
      return existsSync(file) ? [knownNetwork(file)] : []
    }),
  }
}

/** @throws UserError if the file holds no network of our layers */
export function knownNetwork(path: string): KnownNetwork {
  const { network, metadata } = loadNetwork(path)
  const { network: learner, epoch } = metadata
  const name = learner !== undefined && epoch !== undefined ? `${learner}, epoch ${epoch}` : network.architecture.name
  return { name, path, network, sha256: hashOfNetwork(network) }
}

/** Networks that lie in a folder; other files are skipped, checkpoints too. */
export function networksIn(folder: string): KnownNetwork[] {
  const names = readdirSync(folder).filter((name) => /(?<!checkpoint)\.safetensors$/.test(name))
  return names.toSorted().flatMap((name) => {
    try {
      return [knownNetwork(join(folder, name))]
    } catch (error) {
      if (error instanceof UserError) return []
      throw error
    }
  })
}

function readSettings(path: string): Settings {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(readWholeFile(path)))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`${path} is damaged (${(error as Error).message}): it is not a run's`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${path} does not hold settings by name: it is not a run's`)
  }
  return value as Settings
}

/** Schedules and others follow from a few settings, which have defaults of their own. */
function defaultsFor({ dataset, architecture, epochs }: Settings): Settings {
  const given = (settings: Settings) => trainingOptions(settings as GivenOptions)
  try {
    return {
      ...given({ dataset, architecture, epochs }),
      architecture: given({ dataset }).architecture,
      ...{ dataset: given({}).dataset, epochs: given({}).epochs },
    }
  } catch {
    // of a version with other data sets or architectures
    return {}
  }
}

function readLog(path: string): Epoch[] {
  if (!existsSync(path)) return []
  const lines = new TextDecoder().decode(readWholeFile(path)).split('\n')
  return lines.flatMap((line, i) => {
    if (line === '') return []
    try {
      return [epochSchema.parse(JSON.parse(line))]
    } catch {
      throw new UserError(`${path} is damaged: line ${i + 1} is not a row of a training's log: repair or delete it`)
    }
  })
}
