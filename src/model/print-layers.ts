/**
 * Layers as the text of layer-text.ts, in its shortest form: for the same images `parseLayers` makes the same layers of it.
 *
 * A sum whose branches read one value is put into parentheses. Layers that reach elsewhere name what they read by its
 * index, as in `conv 16 3 from 4` and `add 2`.
 */
import { type AffineLayer, type Layer, sizeOf } from './layers.ts'
import { type Architecture, shapesOf } from './network.ts'

/** Text of some layers in a row. */
interface Piece {
  /** Index of its first layer. */
  readonly start: number
  readonly text: string
  /** Of a sum. */
  readonly branches?: readonly string[]
  /** What its convolution reads, if not the layer before, and the text without saying so. */
  readonly from?: number
  readonly asBranch?: string
}

/** @throws UserError if a layer cannot take what it reads */
export function printLayers(architecture: Architecture): string {
  const { layers } = architecture
  const shapes = shapesOf(architecture)
  const pieces: Piece[] = []
  let start = 0
  layers.forEach((layer, i) => {
    // a linear layer that reads images has the flatten before it without saying so
    const isImage = sizeOf(shapes[i]) > shapes[i].channels
    if (layer.kind === 'flatten' && layers[i + 1]?.kind === 'linear' && isImage) return
    if (layer.kind === 'add') putSum(pieces, i, layer.other)
    else pieces.push({ start, ...describe(layer, i, i === layers.length - 1) })
    start = i + 1
  })
  return join(pieces)
}

const join = (pieces: readonly Piece[]) => pieces.map(({ text }) => text).join(', ')

/** Makes one piece of the branches of a sum, if pieces begin where they begin. */
function putSum(pieces: Piece[], start: number, other: number): void {
  const second = pieces.findIndex((piece) => piece.start === other + 1)
  const from = pieces[second]?.from
  const first = from === undefined ? -1 : pieces.findIndex((piece) => piece.start === from + 1)
  if (first >= 0) {
    const [{ asBranch }, ...rest] = pieces.splice(second) as [Piece, ...Piece[]]
    pieces.push(sumOf(pieces.splice(first), [asBranch!, ...rest.map(({ text }) => text)].join(', ')))
  } else if (second >= 0) pieces.push(sumOf(pieces.splice(second), 'identity'))
  else pieces.push({ start, text: `add ${nameOf(other)}` })
}

/** Identities are added last, as `parseLayers` does. */
function sumOf(first: readonly Piece[], branch: string): Piece {
  const [{ start, branches = [] }] = first as [Piece]
  const isSum = first.length === 1 && branches.length > 0 && (branch === 'identity' || !branches.includes('identity'))
  const all = [...(isSum ? branches : [join(first)]), branch]
  return { start, text: `(${all.join(' + ')})`, branches: all }
}

function describe(layer: Exclude<Layer, { kind: 'add' }>, index: number, isLogits: boolean): Omit<Piece, 'start'> {
  switch (layer.kind) {
    case 'normalise':
      return { text: `normalise ${numbers(layer.mean)} / ${numbers(layer.deviation)}` }
    case 'convolution': {
      const { outChannels, kernel, stride, padding, groups = 1, from } = layer
      const window = ['conv', outChannels, kernel, ...windowOf(stride, padding, 1)].join(' ')
      const text = groups > 1 ? `${window} groups ${groups}` : window
      const after = afterwards(layer)
      if (from === undefined || from === index - 1) return { text: text + after }
      return { text: `${text} from ${nameOf(from)}${after}`, from, asBranch: text + after }
    }
    case 'averagePool':
      return { text: ['average', layer.kernel, ...windowOf(layer.stride, layer.padding, layer.kernel)].join(' ') }
    case 'linear':
      return { text: `linear ${isLogits ? '' : layer.outFeatures}`.trimEnd() + afterwards(layer) }
    default:
      return { text: layer.kind }
  }
}

const afterwards = ({ batchNorm }: AffineLayer) => (batchNorm ? ', batch norm' : '')

/** Stride and padding, as far as they are not what is meant without them. */
export const windowOf = <N>(stride: N, padding: N, usual: N): N[] =>
  padding !== 0 ? [stride, padding] : stride === usual ? [] : [stride]

const nameOf = (index: number) => (index < 0 ? 'input' : `${index}`)
/** Without plus signs, which stand between branches. */
const numbers = (values: readonly number[]) => values.map((value) => `${value}`.replace('e+', 'e')).join(' ')
