/**
 * An architecture as one SVG that needs nothing else: layers from top to bottom, branches of sums side by side, the shape
 * of what layers hand on beside the edges. Follows the light or dark scheme of the viewer.
 */
import { type AffineLayer, type Layer, formatShape } from '../model/layers.ts'
import { type Architecture, countHiddenUnits, countParameters, shapesOf } from '../model/network.ts'
import { type Place, placesOf } from './architecture-layout.ts'
import { drawText } from './chart.ts'
import { escapeText } from './html.ts'

const BOX = 172
const LANE = BOX + 26
const MARGIN = 84
const TOP = 74
const LINE = 16
/** Between two rows, with a shape beside the edge and without. */
const GAP = { wide: 34, narrow: 18 }
/** Characters that fit into a box. */
const FITS = 27

type Colour = 'paper' | 'ink' | 'soft' | 'edge' | 'weights' | 'relu' | 'other'

/** Written out for each scheme, because few viewers except browsers know CSS variables. */
const colours = ({ paper, ink, soft, edge, weights, relu, other }: Record<Colour, string>) => `
  .paper { fill: ${paper} } text { fill: ${ink} } text.soft { fill: ${soft} }
  .edge { stroke: ${edge} } .tip { fill: ${edge} } .box { stroke: ${edge} }
  .weights { fill: ${weights} } .relu { fill: ${relu} } .other { fill: ${other} }`

const style = `
  text { font: 13px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif }
  text.title { font-size: 17px; font-weight: 600 } text.name { font-weight: 600 }
  .edge { fill: none; stroke-width: 1.5; stroke-linejoin: round }
${colours({ ...{ paper: '#ffffff', ink: '#1c2430', soft: '#566170', edge: '#8592a3' }, weights: '#dbe9fb', relu: '#fde6d3', other: '#eef1f4' })}
  @media (prefers-color-scheme: dark) {${colours({ ...{ paper: '#11161d', ink: '#e7ebf0', soft: '#9fa9b6', edge: '#6b7889' }, weights: '#17375f', relu: '#563114', other: '#242d38' })}
  }
`

/** A layer as it is drawn; x and y are its centre. */
interface Box {
  readonly place: Place
  readonly lines: readonly string[]
  readonly width: number
  readonly height: number
  readonly x: number
  readonly y: number
}

/** @throws UserError if a layer cannot take what it reads */
export function architectureSvg(architecture: Architecture): string {
  const shapes = shapesOf(architecture)
  const places = placesOf(architecture)
  const shapeAfter = ({ index }: Place) => formatShape(shapes[index + 1])
  // a shape that stays is not said again
  const isNew = (place: Place) => place.from.length === 0 || shapeAfter(place) !== shapeAfter(place.from[0])
  const boxes = stack(architecture, places, isNew)
  const tracks = new Tracks(boxes)
  const edges = boxes.flatMap((to) => to.place.from.map((from) => tracks.edge(boxOf(boxes, from), to)))
  const labels = boxes
    .filter(({ place }) => isNew(place))
    .map(({ place, x, y, height }) =>
      drawText(x - 9, y + height / 2 + GAP.wide / 2 + 4.5, shapeAfter(place), { classes: 'soft', anchor: 'end' }),
    )
  const last = boxes.at(-1)!
  const height = Math.max(...boxes.map((box) => box.y + box.height / 2)) + (isNew(last.place) ? GAP.wide : 0) + 20
  const counts = `${grouped(countParameters(architecture))} parameters, ${grouped(countHiddenUnits(architecture))} hidden units`
  const width = Math.max(320, tracks.right + 24, 44 + 6.9 * counts.length)
  const title = clip(architecture.name, Math.floor(width / 10))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(`layers of ${title}`)}">`,
    `<title>${escapeText(architecture.name)}</title>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${width}" height="${height}" rx="10"/>`,
    drawText(20, 32, title, { classes: 'title' }),
    drawText(20, 53, counts, { classes: 'soft' }),
    ...edges,
    ...boxes.map(drawBox),
    ...labels,
    '</svg>\n',
  ].join('\n')
}

/** Boxes in their rows, each as high as its highest box. */
function stack({ layers }: Architecture, places: readonly Place[], isNew: (place: Place) => boolean): Box[] {
  const boxes: Box[] = []
  let top = TOP
  for (let row = 0; row <= Math.max(...places.map((place) => place.row)); row++) {
    const inRow = places.filter((place) => place.row === row)
    const sized = inRow.map((place) => ({ place, ...sizeOf(place, layers[place.index]) }))
    const height = Math.max(...sized.map((box) => box.height))
    for (const box of sized) boxes.push({ ...box, x: MARGIN + BOX / 2 + box.place.lane * LANE, y: top + height / 2 })
    top += height + (inRow.some(isNew) ? GAP.wide : GAP.narrow)
  }
  return boxes.toSorted((a, b) => a.place.index - b.place.index)
}

const boxOf = (boxes: readonly Box[], place: Place): Box => boxes.find((box) => box.place === place)!

function sizeOf({ kind }: Place, layer: Layer | undefined): Pick<Box, 'lines' | 'width' | 'height'> {
  const lines = layer ? linesOf(layer) : ['input']
  if (kind === 'add') return { lines, width: 28, height: 28 }
  const isSmall = kind === 'relu' || kind === 'input'
  return { lines, width: isSmall ? 72 : BOX, height: 12 + LINE * lines.length }
}

function linesOf(layer: Layer): string[] {
  switch (layer.kind) {
    case 'convolution': {
      const groups = (layer.groups ?? 1) > 1 ? [`${layer.groups} groups`] : []
      return [`conv ${layer.outChannels}`, windowOf(layer), ...[...groups, ...norm(layer)].map((line) => clip(line))]
    }
    case 'averagePool':
      return ['average', windowOf(layer)]
    case 'linear':
      return [`linear ${layer.outFeatures}`, ...norm(layer)]
    case 'normalise':
      return [
        'normalise',
        ...[layer.mean, layer.deviation].map((numbers, i) => clip(`${'−/'[i]} ${numbers.join(' ')}`)),
      ]
    case 'add':
      return ['+']
    default:
      return [layer.kind]
  }
}

const norm = ({ batchNorm }: AffineLayer): string[] => (batchNorm ? ['batch norm'] : [])

const windowOf = ({ kernel, stride, padding }: { kernel: number; stride: number; padding: number }): string =>
  [
    `${kernel}×${kernel}`,
    ...(stride > 1 ? [`stride ${stride}`] : []),
    ...(padding > 0 ? [`padding ${padding}`] : []),
  ].join(', ')

const clip = (text: string, fits = FITS) => (text.length > fits ? `${text.slice(0, fits - 1)}…` : text)
const grouped = (count: number) => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')

function drawBox({ place: { kind }, lines, width, height, x, y }: Box): string {
  const colour = kind === 'convolution' || kind === 'linear' ? 'weights' : kind === 'relu' ? 'relu' : 'other'
  const round = kind === 'add' || kind === 'relu' || kind === 'input' ? Math.min(14, height / 2) : 7
  const rect = `<rect class="box ${colour}" x="${x - width / 2}" y="${y - height / 2}" width="${width}" height="${height}" rx="${round}"/>`
  const first = y - ((lines.length - 1) * LINE) / 2 + 4.5
  const texts = lines.map((line, i) =>
    drawText(x, first + i * LINE, line, { anchor: 'middle', classes: i === 0 ? 'name' : 'soft' }),
  )
  return rect + texts.join('')
}

/** Ways of edges between boxes. */
class Tracks {
  readonly #boxes: readonly Box[]
  /** The edges beside the boxes, and where. */
  readonly #taken: { readonly from: Box; readonly to: Box; readonly x: number }[] = []
  /** How far to the right anything reaches. */
  right: number

  constructor(boxes: readonly Box[]) {
    this.#boxes = boxes
    this.right = Math.max(...boxes.map(({ x, width }) => x + width / 2))
  }

  edge(from: Box, to: Box): string {
    const [start, end] = [from.y + from.height / 2, to.y - to.height / 2]
    if (from.x === to.x && this.#isFree(from, to, to.place.lane))
      return draw(`M${from.x} ${start}V${end - 6}`, to.x, end)
    if (to.place.from.length > 1) {
      // into a sum from the side: down the branch's own lane, or beside all of them
      const isOwn = from.place.lane > to.place.lane && this.#isFree(from, to, from.place.lane, true)
      const side = to.x + to.width / 2
      const down = isOwn ? `M${from.x} ${start}` : this.#aside(from, to)
      return draw(`${down}V${to.y}H${side + 6}`, side, to.y, 'left')
    }
    if (this.#isFree(from, to, to.place.lane)) {
      return draw(`M${from.x} ${start}V${start + GAP.narrow / 2}H${to.x}V${end - 6}`, to.x, end)
    }
    return draw(`${this.#aside(from, to)}V${end - GAP.narrow / 2}H${to.x}V${end - 6}`, to.x, end)
  }

  /** Whether nothing stands in a lane between two boxes; `isWhole` if nothing may stand in the row of the second, either. */
  #isFree(from: Box, to: Box, lane: number, isWhole = false): boolean {
    const last = to.place.row - (isWhole ? 0 : 1)
    return !this.#boxes.some(({ place }) => place.lane === lane && place.row > from.place.row && place.row <= last)
  }

  /** From a box to the right of all boxes in the rows of two. */
  #aside(from: Box, to: Box): string {
    const inRows = this.#boxes.filter(({ place: { row } }) => row >= from.place.row && row <= to.place.row)
    let x = Math.max(...inRows.map((box) => box.x + box.width / 2)) + 13
    while (this.#taken.some((track) => track.x === x && track.from.y < to.y && from.y < track.to.y)) x += 10
    this.#taken.push({ from, to, x })
    this.right = Math.max(this.right, x)
    const isLast = !inRows.some(({ place: { row, lane } }) => row === from.place.row && lane > from.place.lane)
    const below = from.y + from.height / 2
    return isLast ? `M${from.x + from.width / 2} ${from.y}H${x}` : `M${from.x} ${below}V${below + GAP.narrow / 2}H${x}`
  }
}

/** A line with an arrow's tip at (x, y). */
function draw(path: string, x: number, y: number, pointing: 'down' | 'left' = 'down'): string {
  const tip = pointing === 'down' ? `M${x - 4} ${y - 7}h8l-4 7z` : `M${x + 7} ${y - 4}v8l-7 -4z`
  return `<path class="edge" d="${path}"/><path class="tip" d="${tip}"/>`
}
