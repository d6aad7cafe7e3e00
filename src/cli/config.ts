/** Settings of training from a file. */
import { extname } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { UserError } from '../base/errors.ts'
import { readWholeFile } from '../node/atomic.ts'
import { decodeText } from '../formats/foreign.ts'
import type { GivenOptions } from '../training/settings.ts'
import { parseRadius } from './values.ts'

/**
 * Radii may be fractions in quotes, '8/255', as on the command line.
 * @throws UserError if the file is not JSON or TOML; names and values are checked later, with the rest
 */
export function readConfig(path: string): GivenOptions {
  const parse = { '.json': JSON.parse, '.toml': parseToml }[extname(path)]
  if (!parse) throw new UserError(`${path}: settings are read from .json and .toml files only`)
  const text = decodeText(readWholeFile(path), path)
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    throw new UserError(`${path} is not valid ${extname(path).slice(1).toUpperCase()}: ${(error as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${path} does not hold settings by name`)
  }
  const settings = Object.entries(value).map(([name, given]) => [
    name,
    isRadius(name, given) ? parseRadius(given) : given,
  ])
  return Object.fromEntries(settings) as GivenOptions
}

const isRadius = (name: string, given: unknown): given is string =>
  (name === 'epsilon' || name === 'epsilonStart') && typeof given === 'string'
