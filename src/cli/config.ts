/** Settings of training from a file. */
import { dirname, resolve } from 'node:path'
import { readWholeFile } from '../node/atomic.ts'
import { decodeText } from '../formats/foreign.ts'
import { parseTomlOrJson } from '../formats/toml-json.ts'
import type { GivenOptions } from '../training/settings.ts'
import { isArchitectureFile, readArchitecture } from './architecture.ts'
import { parseRadius } from './values.ts'

/**
 * Radii may be fractions in quotes, '8/255', as on the command line, and the architecture a file beside this one.
 * @throws UserError if the file is not JSON or TOML; names and values are checked later, with the rest
 */
export function readConfig(path: string): GivenOptions {
  const value = parseTomlOrJson(decodeText(readWholeFile(path), path), path, 'settings')
  const { architecture } = value
  if (typeof architecture === 'string' && isArchitectureFile(architecture)) {
    value.architecture = readArchitecture(resolve(dirname(path), architecture))
  }
  const settings = Object.entries(value).map(([name, given]) => {
    if (name === 'epsilons' && Array.isArray(given)) return [name, given.map(radiusOf)]
    return [name, name === 'epsilon' || name === 'epsilonStart' ? radiusOf(given) : given]
  })
  return Object.fromEntries(settings) as GivenOptions
}

const radiusOf = (given: unknown): unknown => (typeof given === 'string' ? parseRadius(given) : given)
