/** Options that several commands have, spelled and explained the same way. */
import { type Command, Option } from 'commander'
import type { PgdSettings } from '../attacks/attack.ts'
import { domains, requireDomain, defaultDomain } from '../region/domain.ts'
import { norms, requireNorm, defaultNorm } from '../region/norm.ts'
import { datasetNames } from '../data/names.ts'
import { UserError } from '../base/errors.ts'
import {
  type ImageRange,
  defaultWorkers,
  parseDataset,
  parseImages,
  parsePositive,
  parseRadii,
  parseRadius,
  parseWorkers,
  wholeNumber,
} from './values.ts'

export const workersOption = (limits = '') =>
  new Option('--workers <n>', `number of threads; results do not depend on it${limits}`)
    .argParser(parseWorkers)
    .default(defaultWorkers(), 'number of cores')

export const dataOption = () =>
  new Option('--data <dir>', 'folder with the files of the data set, if they are not downloaded')

export const outputOption = () =>
  new Option(
    '--output <name>',
    'for an ONNX network with several outputs: use only this one (default: all, in file order)',
  )

export const jsonOption = () => new Option('--json', 'print one JSON document instead of text')

/** What `rangeOf` understands. */
export const addRangeOptions = (command: Command) =>
  command
    .addOption(new Option('--first <n>', 'use only the first n images').argParser(wholeNumber('--first', 1)))
    .addOption(
      new Option('--images <a-b>', 'use only images a to b, both included; the first image is 0').argParser(
        parseImages,
      ),
    )

export interface RangeFlags {
  readonly first?: number
  readonly images?: ImageRange
}

/** First image and the one after the last of the test set that the user wants. */
export function rangeOf({ first, images }: RangeFlags, count: number): { first: number; last: number } {
  if (first !== undefined && images)
    throw new UserError('--first and --images exclude each other: give only one of them')
  const range = { first: images?.first ?? 0, last: images?.last ?? first ?? count }
  if (range.last > count) {
    throw new UserError(`there are only ${count} images, 0 to ${count - 1}: ask for no more`)
  }
  return range
}

/**
 * For an option that must be there: commander would miss it before it looks at what is there and wrong.
 * @throws UserError if it is not
 */
export function requireOption(name: string, value: unknown, what: string): void {
  if (value === undefined) throw new UserError(`${name} is missing: give ${what}`)
}

export const epsilonOption = () =>
  new Option(
    '--epsilon <radius>',
    'how far inputs may move, with pixels from 0 to 1: a number such as 0.1 or 2/255',
  ).argParser(parseRadius)

export const epsilonsOption = () =>
  new Option(
    '--epsilon <radii>',
    'how far inputs may move, with pixels from 0 to 1: a number such as 0.1 or 2/255, or several separated by commas',
  ).argParser(parseRadii)

export const normOption = () =>
  new Option('--norm <name>', `how the distance is measured: ${norms.join(', ')}`)
    .argParser(requireNorm)
    .default(defaultNorm)

export const domainOption = () =>
  new Option(
    '--domain <name>',
    `${domains.join(' or ')}: the whole ball, or only its part in [0, 1], which is all that an attacker can send`,
  )
    .argParser(requireDomain)
    .default(defaultDomain)

export const datasetOption = () =>
  new Option(
    '--dataset <name|path>',
    `data set whose test images are used: ${datasetNames.join(', ')}, or the path of your own (robustra data --help)`,
  )
    .argParser(parseDataset)
    .default('synthetic')

export const seedOption = (description: string) =>
  new Option('--seed <n>', description).argParser(wholeNumber('--seed', 0)).default(0)

/** What `pgdSettings` understands. */
export const addPgdOptions = (command: Command) =>
  command
    .addOption(
      new Option('--steps <n>', 'steps of PGD (default: 40), of APGD and of FAB (default: 100)').argParser(
        wholeNumber('--steps', 1),
      ),
    )
    .addOption(
      new Option(
        '--step-size <share>',
        'step of PGD, as a share of ε (default: 0.1, or 2.5 / steps if that is more)',
      ).argParser((text) => parsePositive('--step-size', text)),
    )
    .addOption(
      new Option('--restarts <n>', 'random starts of PGD (default: 1)').argParser(wholeNumber('--restarts', 1)),
    )
    .option('--no-random-start', 'start PGD at the image itself')

export const queriesOption = () =>
  new Option('--queries <n>', 'images that Square tries (default: 5000)').argParser(wholeNumber('--queries', 1))

export interface PgdFlags {
  readonly steps?: number
  readonly stepSize?: number
  readonly restarts?: number
  readonly randomStart: boolean
}

export const pgdSettings = ({ steps, stepSize, restarts, randomStart }: PgdFlags): PgdSettings => ({
  steps,
  stepSize,
  restarts,
  randomStart: randomStart ? undefined : false,
})
