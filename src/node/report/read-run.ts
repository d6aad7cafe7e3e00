/** What a report needs of a run's folder: settings, log and networks, also those of older versions of the program. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import { readWholeFile } from '../atomic.ts'
import { loadAnyNetwork } from '../any-network.ts'
import { trainingOptions } from '../../training/options.ts'
import type { GivenOptions } from '../../training/settings.ts'
import { epochSchema } from '../../report/epoch.ts'
import type { KnownNetwork, RunData, Settings } from '../../report/subject.ts'
import { hashOfNetwork } from '../certificates/hash.ts'
import { readEpochRows } from '../training/log-file.ts'

/** Whether a folder is that of a run. */
export const isRunFolder = (path: string): boolean => existsSync(join(path, 'config.json'))

/** @throws UserError naming the file, if one is damaged; those that are not there yet are left out */
export function readRun(path: string): RunData {
  const log = join(path, 'log.jsonl')
  const given = readSettings(join(path, 'config.json'))
  const defaults = defaultsFor(given)
  return {
    path,
    settings: { ...defaults, ...given },
    defaults,
    log: existsSync(log) ? readEpochRows(log, (row) => epochSchema.parse(row)) : [],
    networks: ['best', 'f', 'g'].flatMap((name) => {
      const file = join(path, `${name}.safetensors`)
      return existsSync(file) ? [knownNetwork(file)] : []
    }),
  }
}

/** @throws UserError if the file holds no network of our layers */
export function knownNetwork(path: string): KnownNetwork {
  const { network, misfit, metadata } = loadAnyNetwork(path)
  if (!network) throw new UserError(`${path} cannot be reported on: ${misfit}`)
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
