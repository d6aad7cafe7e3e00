/** What the items of an architecture make of images: layers, with every shape checked. */
import { UserError } from '../base/errors.ts'
import { type Item, LayerError, type LayerItem, type SumItem, parseItems } from './layer-text.ts'
import { type Layer, type Shape, formatShape, outputShape, sizeOf } from './layers.ts'
import { planStages } from './stages.ts'

/** What a network is to take and tell apart. */
export interface Images {
  readonly input: Shape
  readonly classes: number
}

/**
 * The layers that a text says, for these images. A linear layer that reads images gets a flatten before it.
 * @throws LayerError for an item that cannot be there, with the shape that it receives
 */
export const parseLayers = (text: string, images: Images): readonly Layer[] => build(text, images).layers

/** The same, and that a network of them can be trained. @throws LayerError for the first item that stands in the way */
export function requireTrainable(text: string, images: Images): void {
  const { layers, items } = build(text, images)
  const fault = faultOf(layers, images)
  if (fault === undefined) return
  // as far as the layers before an item are fine, they are with logits after them
  const logits: readonly Layer[] = [{ kind: 'flatten' }, { kind: 'linear', outFeatures: images.classes }]
  const faults = layers.map((_, i) => faultOf([...layers.slice(0, i + 1), ...logits], images))
  const first = faults.findIndex((found) => found !== undefined)
  throw new LayerError(items.at(first)!, `it cannot be trained: ${faults[first] ?? fault}`)
}

function faultOf(layers: readonly Layer[], { input }: Images): string | undefined {
  try {
    planStages({ name: 'given', input, layers })
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

function build(text: string, images: Images): Pick<Builder, 'layers' | 'items'> {
  const builder = new Builder(images)
  const items = parseItems(text)
  builder.chain(items, -1)
  builder.requireClasses(lastOf(items))
  return builder
}

class Builder {
  readonly layers: Layer[] = []
  /** For each layer the item from which it comes. */
  readonly items: LayerItem[] = []
  readonly #shapes: Shape[]
  readonly #classes: number

  constructor({ input, classes }: Images) {
    this.#shapes = [input]
    this.#classes = classes
  }

  /** @returns the index of the last layer; `source`, which the first reads, if the chain only hands it on */
  chain(items: readonly Item[], source: number): number {
    return items.reduce(
      (from, item) => ('branches' in item ? this.#sum(item, from) : this.#layer(item, from, items.length)),
      source,
    )
  }

  /** The logits must be as many as there are classes. */
  requireClasses(last: LayerItem): void {
    const outputs = sizeOf(this.#shapes.at(-1)!)
    if (outputs === this.#classes) return
    throw new LayerError(last, `the last layer has ${outputs} outputs for ${this.#classes} classes: write linear`)
  }

  #layer(item: LayerItem, source: number, siblings: number): number {
    const { said } = item
    if (said.kind === 'identity') {
      if (siblings === 1) return source
      throw new LayerError(item, 'identity is a whole branch of a sum, such as (conv 16 3 1 1 + identity)')
    }
    if (said.kind === 'batchNorm') return this.#normalise(item, source)
    const layer: Layer = said.kind === 'classes' ? { kind: 'linear', outFeatures: this.#classes } : said.layer
    const shape = this.#shapes[source + 1]
    const isImage = shape.height > 1 || shape.width > 1
    const flattened = layer.kind === 'linear' && isImage ? this.#append(item, { kind: 'flatten' }, source) : source
    return this.#append(item, layer, flattened)
  }

  #normalise(item: LayerItem, source: number): number {
    const layer = this.layers[source]
    if (source !== this.layers.length - 1 || (layer?.kind !== 'convolution' && layer?.kind !== 'linear')) {
      throw new LayerError(item, 'it must come directly after conv or linear')
    }
    this.layers[source] = { ...layer, batchNorm: true }
    return source
  }

  #sum({ branches }: SumItem, source: number): number {
    const [identities, others] = [branches.filter(isIdentity), branches.filter((branch) => !isIdentity(branch))]
    if (others.length === 0) throw new LayerError(lastOf(branches[0]), 'one branch of a sum must have layers')
    let total: number | undefined
    for (const branch of others) {
      const end = this.chain(branch, source)
      total = total === undefined ? end : this.#append(lastOf(branch), { kind: 'add', other: total }, end)
    }
    for (const branch of identities) total = this.#append(lastOf(branch), { kind: 'add', other: source }, total!)
    return total!
  }

  #append(item: LayerItem, layer: Layer, source: number): number {
    const read = this.#read(item, layer, source)
    const input = this.#shapes[('from' in read ? read.from! : source) + 1]
    try {
      this.#shapes.push(outputShape(read, input))
    } catch (error) {
      const [shape, { message }] = [formatShape(input), error as Error]
      throw new LayerError(item, message.includes(shape) ? message : `it receives ${shape}: ${message}`)
    }
    this.layers.push(read)
    this.items.push(item)
    return this.layers.length - 1
  }

  /** The layer with what it reads, where that is not the layer before. */
  #read(item: LayerItem, layer: Layer, source: number): Layer {
    const before = this.layers.length - 1
    const named = layer.kind === 'add' ? layer.other : layer.kind === 'convolution' ? layer.from : undefined
    if (named !== undefined && named > before) throw new LayerError(item, `layer ${named} does not come before it`)
    if (layer.kind === 'add') {
      const [a, b] = [layer.other, source].map((i) => formatShape(this.#shapes[i + 1]))
      if (a !== b) throw new LayerError(item, `the sum adds ${a} and ${b}, which must be of one shape`)
    }
    if (layer.kind === 'convolution') {
      const { from = source, ...rest } = layer
      return from === before ? rest : { ...rest, from }
    }
    if (source === before) return layer
    throw new LayerError(
      item,
      'only the first branch of a sum may begin with it: let the others begin with conv, or be identity',
    )
  }
}

const isIdentity = (branch: readonly Item[]): boolean =>
  branch.length === 1 && 'said' in branch[0] && branch[0].said.kind === 'identity'

function lastOf(items: readonly Item[]): LayerItem {
  const last = items.at(-1)
  if (!last) throw new UserError('architecture: it has no layers')
  return 'branches' in last ? lastOf(last.branches.at(-1)!) : last
}
