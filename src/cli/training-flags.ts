/** The settings of training as options of the command line, made from their schema. */
import { type Command, Option } from 'commander'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { trainingOptions } from '../training/options.ts'
import { type GivenOptions, type TrainingOptions, trainingOptionsSchema } from '../training/settings.ts'
import { readArchitecture } from './architecture.ts'
import { parseDataset, parseNumber, parseRadius } from './values.ts'

const { shape } = trainingOptionsSchema.unwrap()
type Name = keyof TrainingOptions
/** Radii for each value come from a file. */
const names = (Object.keys(shape) as Name[]).filter((name) => name !== 'epsilons')

/** Defaults that depend on other settings. */
const describedDefaults: Partial<Record<Name, string>> = {
  rampEpochs: 'a fifth of the epochs after the warm-up',
  halveEvery: 'a tenth of the epochs after the warm-up',
  validationCount: '600 of synthetic, 0.1 of your own, 5000 of others',
  architecture: 'mnist-small; cifar10-small for cifar10; small for other images, mlp-2x100 for tables',
  bounds: 'exact; auto for large networks',
  empiricalShare: '0.5 for interval training, else 0',
  augment: 'none; flip-crop for cifar10',
  start: 'random weights',
  warmUpEpochs: '1 with a warm-up, else 0',
  regularise: '0; 0.5 for interval training from initialisation ibp',
}

/** What is no name alone. */
const describedArguments: Partial<Record<Name, string>> = { start: 'path', dataset: 'name|path' }

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

export function addTrainingOptions(command: Command): Command {
  const defaults = trainingOptions({})
  for (const name of names) {
    const type: z.ZodType = shape[name]
    const choices = type instanceof z.ZodEnum ? `: ${type.options.join(', ')}` : ''
    if (type instanceof z.ZodBoolean) {
      command.option(`--${kebab(name)}`, type.description)
      continue
    }
    const standard = describedDefaults[name] ?? String(defaults[name])
    const argument = type instanceof z.ZodNumber ? 'n' : (describedArguments[name] ?? 'name')
    const option = new Option(`--${kebab(name)} <${argument}>`, `${type.description}${choices} (default: ${standard})`)
    command.addOption(option.argParser((text) => parseSetting(name, text)))
  }
  return command
}

/** Only the type is settled here; `trainingOptions` checks the rest, wherever a setting comes from. */
function parseSetting(name: Name, text: string): string | number {
  if (name === 'dataset') return parseDataset(text)
  if (name === 'epsilon' || name === 'epsilonStart') return parseRadius(text)
  if (name === 'architecture') return readArchitecture(text)
  if (!(shape[name] instanceof z.ZodNumber)) return text
  const value = parseNumber(text)
  if (Number.isFinite(value)) return value
  throw new UserError(`--${kebab(name)} cannot be '${text}': give a number`)
}

/** Those settings that are among the flags of a command line. */
export const trainingFlags = (flags: Record<string, unknown>): GivenOptions =>
  Object.fromEntries(names.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]))

/** @throws UserError if settings that the user names differ from those that a run was started with */
export function requireSame(named: readonly Name[], given: TrainingOptions, saved: TrainingOptions): void {
  for (const name of named) {
    if (JSON.stringify(given[name]) === JSON.stringify(saved[name])) continue
    // of a share, the run has the number that it came to
    if (name === 'deviceMemory') continue
    if (name === 'validationCount' && given[name] > 0 && given[name] < 1) continue
    if (name === 'epsilons')
      throw new UserError(
        'the run was started with other ε per value: leave them out with --resume, or start another run with another --out',
      )
    throw new UserError(
      `the run was started with --${kebab(name)} ${saved[name]}, not ${given[name]}: leave it out with --resume, ` +
        'or start another run with another --out',
    )
  }
}
