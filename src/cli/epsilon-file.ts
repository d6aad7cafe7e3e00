/**
 * How far inputs may move, as the command line says it: --epsilon for all of them, or --epsilon-file for each. Such a file
 * holds one number per input value, over what is stored in [0, 1], or lines 'name,ε' in the units of a table's features; or
 * the same as a JSON array or object. The settings of a run that was trained with such a file will do, too.
 */
import { extname } from 'node:path'
import { Option } from 'commander'
import { UserError } from '../base/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import { radiiOf } from '../data/feature-radii.ts'
import { decodeText } from '../formats/foreign.ts'
import { sizeOf } from '../model/layers.ts'
import { readWholeFile } from '../node/atomic.ts'
import { type Ball, largestOf } from '../region/ball.ts'
import type { Norm } from '../region/norm.ts'
import { parseNumber, requireRadius } from './values.ts'

export interface RadiusFlags {
  readonly epsilon?: number | undefined
  readonly epsilonFile?: string | undefined
  readonly norm?: Norm | undefined
}

export type Radii = Pick<Ball, 'epsilon' | 'epsilons'>

export const epsilonFileOption = () =>
  new Option(
    '--epsilon-file <file>',
    "instead of --epsilon: one number per input value, or lines 'name,ε' for the features of a table, in their own units",
  )

/**
 * What the flags say, read at once.
 * @returns what a data set makes of it
 * @throws UserError unless exactly one of the two is given, or for a file that holds something else
 */
export function radiiFrom({ epsilon, epsilonFile, norm = 'linf' }: RadiusFlags): (dataset: Dataset) => Radii {
  if (epsilon !== undefined && epsilonFile !== undefined) {
    throw new UserError('--epsilon and --epsilon-file exclude each other: give only one of them')
  }
  if (epsilonFile !== undefined) {
    const given = readEpsilonFile(epsilonFile)
    return (dataset) => radiiOver(dataset, given, epsilonFile)
  }
  if (epsilon === undefined) {
    throw new UserError('--epsilon is missing: give how far inputs may move, such as 0.1 or 2/255, or --epsilon-file')
  }
  requireRadius(epsilon, norm)
  return () => ({ epsilon })
}

/** For people: the radius, or that there are several. */
export const describeRadii = ({ epsilon, epsilons }: Radii): string =>
  epsilons ? `ε per feature, at most ${Number(epsilon.toPrecision(4))} of [0, 1]` : `ε ${epsilon}`

function radiiOver({ name, shape, features }: Dataset, given: EpsilonFile, path: string): Radii {
  const size = sizeOf(shape)
  const { numbers = [], byName } = given
  if (byName && !features) {
    throw new UserError(`${path} names features, but ${name} has none: give ${size} numbers, one per value of an image`)
  }
  if (byName) return radiiOf(features!, byName)
  if (numbers.length !== size) {
    throw new UserError(`${path} has ${numbers.length} numbers, but ${name} has ${size} values per example`)
  }
  return { epsilon: largestOf(numbers), epsilons: numbers }
}

/** One of the two. */
interface EpsilonFile {
  readonly numbers?: readonly number[]
  readonly byName?: Readonly<Record<string, number>>
}

/** @throws UserError that names the line */
export function readEpsilonFile(path: string): EpsilonFile {
  const text = decodeText(readWholeFile(path), path)
  return extname(path) === '.json' ? fromJson(path, text) : fromText(path, text)
}

function fromJson(path: string, text: string): EpsilonFile {
  const value = parseJson(path, text)
  if (typeof value !== 'object' || value === null) throw new UserError(`${path} is neither an array nor an object`)
  const list = 'epsilons' in value ? value.epsilons : value
  if (Array.isArray(list)) return { numbers: list.map((each, i) => radiusOf(each, `${path}, entry ${i}`)) }
  const entries = Object.entries(value).map(([name, each]) => [name, radiusOf(each, `${path}, '${name}'`)] as const)
  return { byName: Object.fromEntries(entries) }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError(`${path} is not valid JSON: ${(error as Error).message}`)
  }
}

/** Numbers separated by commas, spaces or line ends; or on every line a name, a comma and a number. */
function fromText(path: string, text: string): EpsilonFile {
  const lines = text.split(/\r?\n/).map((line, i) => ({ line: line.trim(), where: `${path}, line ${i + 1}` }))
  const filled = lines.filter(({ line }) => line !== '')
  if (filled.length === 0) throw new UserError(`${path} is empty`)
  const isNumber = (word: string) => Number.isFinite(parseNumber(word))
  const words = (line: string) => line.split(/[\s,;]+/).filter((word) => word !== '')
  if (words(filled[0]!.line).every(isNumber)) {
    return { numbers: filled.flatMap(({ line, where }) => words(line).map((word) => radiusOf(word, where))) }
  }
  const byName = new Map<string, number>()
  for (const { line, where } of filled) {
    const comma = line.lastIndexOf(',')
    if (comma < 1) throw new UserError(`${where}: '${line}' is not a name, a comma and a number`)
    const name = line
      .slice(0, comma)
      .trim()
      .replace(/^"(.*)"$/, '$1')
    if (byName.has(name)) throw new UserError(`${where}: '${name}' is there twice`)
    byName.set(name, radiusOf(line.slice(comma + 1), where))
  }
  return { byName: Object.fromEntries(byName) }
}

/** @param value a number, or text such as '0.1' or '2/255' */
function radiusOf(value: unknown, where: string): number {
  const radius = typeof value === 'string' ? parseNumber(value) : value
  if (typeof radius === 'number' && radius >= 0 && radius < Infinity) return radius
  throw new UserError(`${where}: ε cannot be '${String(value).trim()}': give a number such as 0.1 or 2/255`)
}
