/**
 * Architectures from .toml and .json files: a name, and layers as tables, or as the short form of layer-text.ts.
 *
 *     [[layers]]
 *     kind = "conv"
 *     channels = 16
 *     kernel = 4
 *     stride = 2
 *     padding = 1
 *
 * A residual sum is a table of kind 'sum' with `branches`, which are lists of layers.
 */
import { badFile, nearestName, unknownName } from '../base/errors.ts'
import { type Item, LayerError, parseItems } from '../model/layer-text.ts'
import { isKnown } from '../model/architectures.ts'
import { windowOf } from '../model/print-layers.ts'
import { linesOfElements } from './element-lines.ts'
import { parseTomlOrJson } from './toml-json.ts'

export interface ArchitectureFile {
  /** What `architectureOf` takes. */
  readonly text: string
  /** The line where each of its items stands, as a `LayerError` counts them. */
  readonly lines: readonly number[]
}

interface Fields {
  /** Those that must be there, and those that need not, with what they are then. */
  readonly needed?: readonly string[]
  readonly optional?: Readonly<Record<string, number | undefined>>
  readonly write: (value: (field: string) => unknown) => string
}

const kinds: Readonly<Record<string, Fields>> = {
  normalise: {
    needed: ['mean', 'deviation'],
    write: (value) => `normalise ${words(value('mean'))} / ${words(value('deviation'))}`,
  },
  conv: {
    needed: ['channels', 'kernel'],
    optional: { stride: 1, padding: 0, groups: 1, from: undefined },
    write: (value) => {
      const window = [value('channels'), value('kernel'), ...windowOf(value('stride'), value('padding'), 1)]
      const groups = value('groups') === 1 ? [] : ['groups', value('groups')]
      const from = value('from') === undefined ? [] : ['from', value('from')]
      return ['conv', ...window, ...groups, ...from].map(words).join(' ')
    },
  },
  average: {
    needed: ['kernel'],
    optional: { stride: undefined, padding: 0 },
    write: (value) => {
      const kernel = value('kernel')
      return ['average', kernel, ...windowOf(value('stride') ?? kernel, value('padding'), kernel)].map(words).join(' ')
    },
  },
  linear: {
    optional: { outputs: undefined },
    write: (value) => (value('outputs') === undefined ? 'linear' : `linear ${words(value('outputs'))}`),
  },
  'batch norm': { write: () => 'batch norm' },
  relu: { write: () => 'relu' },
  flatten: { write: () => 'flatten' },
  identity: { write: () => 'identity' },
  add: { needed: ['layer'], write: (value) => `add ${words(value('layer'))}` },
}

const words = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(' ') : String(value))

/**
 * @param path the file's name, without which architectures have none
 * @throws UserError with the line of what is wrong
 */
export function parseArchitectureFile(text: string, path: string): ArchitectureFile {
  const { name: given, layers, ...more } = parseTomlOrJson(text, path, 'layers')
  const [unknown] = Object.keys(more)
  if (unknown !== undefined) throw badFile(`${path}: ${unknownName('entry', unknown, ['name', 'layers']).message}`)
  const name = given ?? baseName(path)
  if (typeof name !== 'string') throw badFile(`${path}: the name must be a text`)
  if (!Array.isArray(layers) || layers.length === 0) {
    throw badFile(`${path} has no layers: each is a table [[layers]] with a kind, such as kind = "relu"`)
  }
  const starts = linesOfElements(text, 'layers', layers.length)
  const written = layers.map((layer, i) => {
    const line = starts[i]
    try {
      const short = writeLayer(layer)
      return { short, items: countItems(parseItems(short)), line }
    } catch (error) {
      const reason = error instanceof LayerError ? error.reason : (error as Error).message
      throw badFile(`${path}, line ${line}: ${reason}`)
    }
  })
  const short = written.map((layer) => layer.short).join(', ')
  // a file may be called like a known architecture
  const isNamed = given !== undefined || !isKnown(name)
  return {
    text: isNamed ? `${name.replaceAll(/[:,()+]/g, '-').trim()}: ${short}` : short,
    lines: written.flatMap(({ items, line }) => Array<number>(items).fill(line)),
  }
}

/** A layer in short form. */
function writeLayer(layer: unknown): string {
  if (typeof layer === 'string') return layer.trim().replaceAll(/\s+/g, ' ')
  if (typeof layer !== 'object' || layer === null)
    throw badFile(`a layer must be a table, not ${JSON.stringify(layer)}`)
  const { kind, ...given } = layer as Record<string, unknown>
  if (kind === 'sum') return writeSum(given)
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) {
    if (kind === undefined) throw badFile('the layer has no kind, such as kind = "relu"')
    throw unknownName('kind of layer', String(kind), [...Object.keys(kinds), 'sum'])
  }
  const { needed = [], optional = {}, write } = kinds[kind]
  const fields = [...needed, ...Object.keys(optional)]
  for (const field of Object.keys(given)) {
    if (fields.includes(field)) continue
    const nearest = nearestName(field, fields)
    throw badFile(`${kind} has no ${field}${nearest ? `: did you mean ${nearest}?` : ''}`)
  }
  const missing = needed.find((field) => given[field] === undefined)
  if (missing !== undefined) throw badFile(`${kind} needs ${needed.join(' and ')}, but has no ${missing}`)
  return write((field) => given[field] ?? optional[field])
}

function writeSum({ branches, ...more }: Record<string, unknown>): string {
  const [unknown] = Object.keys(more)
  if (unknown !== undefined) throw badFile(`sum has no ${unknown}`)
  if (!Array.isArray(branches) || branches.length < 2)
    throw badFile('sum needs branches, which are two lists of layers')
  const written = branches.map((branch: unknown) =>
    Array.isArray(branch) ? branch.map(writeLayer).join(', ') : writeLayer(branch),
  )
  return `(${written.join(' + ')})`
}

const countItems = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + ('branches' in item ? item.branches.reduce((n, b) => n + countItems(b), 0) : 1), 0)

const baseName = (path: string) => path.replace(/^.*[/\\]/, '').replace(/\.[^.]*$/, '')
