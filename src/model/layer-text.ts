/**
 * Layers as people write them: `conv 16 4 2 1, relu, linear 100, relu, linear`.
 *
 * Items stand one after the other, separated by commas; each reads the value before it. `(A + B + …)` is a residual sum:
 * all its branches read the value before the parenthesis. What the items make of images is in layer-items.ts.
 */
import { UserError, nearestName } from '../base/errors.ts'
import type { Layer } from './layers.ts'

/** A mistake in an item of an architecture. */
export class LayerError extends UserError {
  /** Which item it is: 0 for the first; branches of a sum are counted through. */
  declare readonly item: number
  /** What is wrong, without the place. */
  declare readonly reason: string

  constructor({ item, text }: Pick<LayerItem, 'item' | 'text'>, reason: string) {
    super(`architecture, item ${item + 1} ('${text}'): ${reason}`)
    Object.defineProperty(this, 'item', { value: item })
    Object.defineProperty(this, 'reason', { value: reason })
  }
}

/** What an item says. */
export type Said =
  | { readonly kind: 'layer'; readonly layer: Layer }
  /** The layer before, whose channels are normalised while training. */
  | { readonly kind: 'batchNorm' }
  /** The last linear layer, whose outputs are the classes. */
  | { readonly kind: 'classes' }
  /** A branch that hands on what it reads. */
  | { readonly kind: 'identity' }

/** An item without parentheses. */
export interface LayerItem {
  readonly item: number
  readonly text: string
  readonly said: Said
}

/** A residual sum. */
export interface SumItem {
  readonly branches: readonly (readonly Item[])[]
}

export type Item = LayerItem | SumItem

/** The words that an item may begin with: how it is written, and what it says. */
const forms: Readonly<Record<string, { readonly usage: string; readonly read: (words: string) => Said | undefined }>> =
  {
    normalise: {
      usage: 'normalise means / deviations, such as normalise 0.48 0.46 0.41 / 0.2 0.2 0.2',
      read: (words) => {
        const [mean = [], deviation = [], more] = words.split('/').map(numbersOf)
        if (more || mean.length === 0 || mean.length !== deviation.length) return undefined
        if (![...mean, ...deviation].every(Number.isFinite) || !deviation.every((d) => d > 0)) return undefined
        return layer({ kind: 'normalise', mean, deviation })
      },
    },
    conv: {
      usage: 'conv channels kernel [stride [padding]] [groups n], such as conv 16 4 2 1',
      read: (words) => {
        const match = /^(\d+) (\d+)(?: (\d+))?(?: (\d+))?(?: groups (\d+))?(?: from (\d+|input))?$/.exec(words)
        if (!match) return undefined
        const [outChannels, kernel, stride = 1, padding = 0] = match.slice(1, 5).flatMap((n) => (n ? [Number(n)] : []))
        if (![outChannels, kernel, stride].every(isCount) || padding > MOST) return undefined
        const [groups, from] = [Number(match[5] ?? 1), match[6]]
        if (!isCount(groups)) return undefined
        return layer({
          ...{ kind: 'convolution', outChannels, kernel, stride, padding },
          ...(groups > 1 && { groups }),
          ...(from !== undefined && { from: indexOf(from) }),
        })
      },
    },
    linear: {
      usage: 'linear outputs, such as linear 100, or linear alone as the last layer',
      read: (words) => {
        if (words === '') return { kind: 'classes' }
        const outFeatures = Number(words)
        return isCount(outFeatures) ? layer({ kind: 'linear', outFeatures }) : undefined
      },
    },
    average: {
      usage: 'average kernel [stride [padding]], such as average 2',
      read: (words) => {
        const match = /^(\d+)(?: (\d+))?(?: (\d+))?$/.exec(words)
        if (!match) return undefined
        const [kernel, stride = kernel, padding = 0] = match.slice(1).flatMap((n) => (n ? [Number(n)] : []))
        if (![kernel, stride].every(isCount) || padding > MOST) return undefined
        return layer({ kind: 'averagePool', kernel, stride, padding })
      },
    },
    batch: {
      usage: 'batch norm',
      read: (words) => (words === 'norm' ? { kind: 'batchNorm' } : undefined),
    },
    relu: { usage: 'relu', read: (words) => (words === '' ? layer({ kind: 'relu' }) : undefined) },
    flatten: { usage: 'flatten', read: (words) => (words === '' ? layer({ kind: 'flatten' }) : undefined) },
    add: {
      usage: 'add layer, such as add 3 or add input',
      read: (words) => (/^(\d+|input)$/.test(words) ? layer({ kind: 'add', other: indexOf(words) }) : undefined),
    },
    identity: { usage: 'identity', read: (words) => (words === '' ? { kind: 'identity' } : undefined) },
  }

export const layerWords: readonly string[] = Object.keys(forms)

/** How each is written, for people. */
export const layerUsages: readonly string[] = Object.values(forms).map(({ usage }) => usage)

const MOST = 1_000_000
const MOST_DEPTH = 100
const isCount = (n: number) => Number.isInteger(n) && n >= 1 && n <= MOST
const layer = (of: Layer): Said => ({ kind: 'layer', layer: of })
/** Layers are counted from 0, as `robustra info` lists them. */
const indexOf = (word: string) => (word === 'input' ? -1 : Number(word))
const numbersOf = (words: string) => words.split(' ').filter(Boolean).map(Number)

/** @throws LayerError for an item that is not written as its form is; UserError for parentheses that do not fit */
export function parseItems(text: string): Item[] {
  // what separates items, and what is in between
  const tokens = text.split(/([,()]|(?<=\s)\+|\+(?=\s))/).map((token) => token.trim())
  let [next, items, depth] = [0, 0, 0]
  const fail = (expected: string): never => {
    const before = tokens.slice(0, next).join(' ').replaceAll(/\s+/g, ' ').trim().slice(-40)
    throw new UserError(
      `architecture: ${expected} expected ${before === '' ? 'at its beginning' : `after '${before}'`}`,
    )
  }
  const skipEmpty = () => {
    while (tokens[next] === '') next++
  }
  const take = (token: string) => {
    skipEmpty()
    if (tokens[next] !== token) return false
    next++
    return true
  }
  const item = (): Item => {
    if (take('(')) {
      if (++depth > MOST_DEPTH) fail('at most 100 sums within each other')
      const branches = [chain()]
      while (take('+')) branches.push(chain())
      if (branches.length < 2) fail("'+' and another branch")
      if (!take(')')) fail("')'")
      depth--
      return { branches }
    }
    const words = tokens[next]
    if (words === undefined || /^[,()+]$/.test(words)) return fail('a layer')
    next++
    return readItem(items++, words)
  }
  const chain = (): Item[] => {
    const read = [item()]
    while (take(',')) read.push(item())
    return read
  }
  const read = chain()
  skipEmpty()
  if (next < tokens.length) fail("',' or the end")
  return read
}

function readItem(item: number, words: string): LayerItem {
  const text = words.replaceAll(/\s+/g, ' ').toLowerCase()
  const [name, ...rest] = text.split(' ')
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined
  if (!form) {
    const nearest = nearestName(name, layerWords)
    const known = nearest ? `did you mean '${nearest}'?` : `choose one of: ${layerWords.join(', ')}`
    throw new LayerError({ item, text }, `there is no layer '${name}': ${known}`)
  }
  const said = form.read(rest.join(' '))
  if (!said) {
    const next = rest.find((word) => layerWords.includes(word))
    const comma = next === undefined ? '' : `a comma is missing before '${next}'`
    throw new LayerError({ item, text }, comma || `write it as ${form.usage}`)
  }
  return { item, text, said }
}
