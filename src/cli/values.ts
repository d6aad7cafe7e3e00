/** Values on the command line: each parser says what is wrong and what is right. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type DatasetSource, isDatasetSource, unknownDataset } from '../data/names.ts'
import { type Norm, describeNorm } from '../region/norm.ts'
import { UserError } from '../base/errors.ts'
import { MOST_WORKERS } from '../node/threads.ts'

/** A number, or a fraction such as 2/255. NaN if it is neither. */
export function parseNumber(text: string): number {
  const parts = text.split('/')
  if (parts.length > 2 || parts.some((part) => !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(part))) return NaN
  const [numerator, denominator = 1] = parts.map(Number)
  return numerator! / denominator
}

/** ε in pixel units, whatever the norm: the caller, who knows that, sets the limit. */
export function parseRadius(text: string): number {
  const value = parseNumber(text)
  if (value >= 0 && value < Infinity) return value
  throw new UserError(`ε cannot be '${text}': it is in pixels of [0, 1], so give a number such as 0.1 or 2/255`)
}

/** A radius, and how it was written. */
export interface Radius {
  readonly text: string
  readonly epsilon: number
}

/** Radii separated by commas. @throws UserError for one that is no radius, or there twice */
export function parseRadii(list: string): Radius[] {
  const radii = parseList(list).map((text) => ({ text, epsilon: parseRadius(text) }))
  const twice = radii.find(({ epsilon }, i) => radii.findIndex((other) => other.epsilon === epsilon) < i)
  if (twice) throw new UserError(`--epsilon has ${twice.text} twice: give each radius once`)
  return radii
}

/** @throws UserError for an ℓ∞ radius above 1; how large others may be depends on the images */
export function requireRadius(epsilon: number, norm: Norm): void {
  if (norm !== 'linf' || epsilon <= 1) return
  throw new UserError(
    `ε cannot be '${epsilon}' in ${describeNorm(norm)}: it is in pixels of [0, 1], so give 0 to 1, such as 0.1 or 2/255`,
  )
}

/** A parser of whole numbers from `least` to `most` for the option of that name. */
export const wholeNumber =
  (option: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^[-+]?\d+$/.test(text) ? Number(text) : NaN
    if (value >= least && value <= most) return value
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
    throw new UserError(`${option} cannot be '${text}': give a whole number ${range}`)
  }

export function parsePositive(option: string, text: string): number {
  const value = parseNumber(text)
  if (value > 0 && value < Infinity) return value
  throw new UserError(`${option} cannot be '${text}': give a number above 0`)
}

export const parseWorkers = wholeNumber('--workers', 1, MOST_WORKERS)
export const defaultWorkers = (): number => Math.min(MOST_WORKERS, availableParallelism())

/** A range of images, the last one excluded. */
export interface ImageRange {
  readonly first: number
  /** Undefined: to the end. */
  readonly last: number | undefined
}

/** 'A-B', both included; 'A' alone is one image. */
export function parseImages(text: string): ImageRange {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text)
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  if (match && first <= last) return { first, last: last + 1 }
  throw new UserError(`--images cannot be '${text}': give the first and the last, such as 0-999`)
}

/** A known name, or a path; also of a folder here that is given without './'. */
export function parseDataset(text: string): DatasetSource {
  if (isDatasetSource(text)) return text
  if (existsSync(text)) return `./${text}`
  throw unknownDataset(text)
}

const MOST_SEEDS = 100

/** Seeds and ranges of them, separated by commas: '1-5', '1,4,7'. In their order, each once. */
export function parseSeeds(text: string): number[] {
  const seeds = parseList(text).flatMap((item) => {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(item)
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
    // one more than there may be, so that it is noticed
    return match && first <= last
      ? Array.from({ length: Math.min(MOST_SEEDS, last - first) + 1 }, (_, i) => first + i)
      : NaN
  })
  const each = [...new Set(seeds)]
  if (each.every(Number.isFinite) && each.length <= MOST_SEEDS) return each
  throw new UserError(`--seeds cannot be '${text}': give at most ${MOST_SEEDS} seeds, such as 1-5 or 1,4,7`)
}

export const parseList = (text: string): string[] => text.split(',').map((item) => item.trim())

/** Numbers or fractions, separated by commas. */
export function parseNumbers(option: string, text: string): number[] {
  const values = parseList(text).map(parseNumber)
  if (values.every(Number.isFinite)) return values
  throw new UserError(`${option} cannot be '${text}': give numbers separated by commas, such as 0.485,0.456,0.406`)
}
