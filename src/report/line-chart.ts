/** Small charts over epochs for a page: its style sheet has the colours. */
import {
  type Curve,
  drawCurve,
  drawGridLine,
  drawLabels,
  drawText,
  epochTicks,
  fixed,
  isNumber,
  niceTicks,
} from './chart.ts'
import { type Html, html, trusted } from './html.ts'

/** Small enough to be read on a phone. */
const WIDTH = 460
const HEIGHT = 270
const LEFT = 58
const RIGHT = WIDTH - 112
const TOP = 16
const BOTTOM = HEIGHT - 44

export interface Series {
  /** Before the last value, at the curve's end. */
  readonly name: string
  /** Of the style sheet: the colour, then others. */
  readonly classes: string
  /** By epoch, from 1; what is null or not a number is left out. */
  readonly values: readonly { readonly epoch: number; readonly value: number | null | undefined }[]
}

export interface LineChart {
  readonly title: string
  readonly series: readonly Series[]
  readonly format: (value: number) => string
}

const drawable = ({ values }: Series) =>
  values.flatMap(({ epoch, value }) => (isNumber(value) && Number.isFinite(value) ? [{ epoch, value }] : []))

/** @returns nothing if there is no value to draw */
export function lineChart({ title, series, format }: LineChart): Html | undefined {
  const all = series.flatMap(drawable)
  if (all.length === 0) return undefined
  const epochs = Math.max(...all.map(({ epoch }) => epoch))
  const ticks = niceTicks(Math.min(0, ...all.map(({ value }) => value)), Math.max(0, ...all.map(({ value }) => value)))
  const [least, most] = [ticks[0], ticks.at(-1)!]
  const y = (value: number) => BOTTOM - ((value - least) / (most - least)) * (BOTTOM - TOP)
  const curves = series.map((one): Curve => {
    const own = drawable(one)
    const last = own.at(-1)
    return {
      classes: one.classes,
      label: last ? `${one.name} ${format(last.value)}`.trim() : '',
      points: own.map(({ epoch, value }) => ({ x: xOf(epoch, epochs), y: y(value) })),
    }
  })
  const parts = [
    ...ticks.flatMap((tick) => drawGridLine(LEFT, RIGHT, y(tick), format(tick))),
    ...epochAxis(epochs),
    ...curves.map(drawCurve),
    ...drawLabels(curves, BOTTOM),
  ]
  const said = curves.filter(({ label }) => label !== '').map(({ label }) => label)
  return figure(
    title,
    `${title} over ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}; at the end: ${said.join('; ')}`,
    parts,
  )
}

/** Shares that make up a whole, one above the other, the first at the bottom. */
export interface AreaChart {
  readonly title: string
  readonly parts: readonly { readonly name: string; readonly fill: string }[]
  /** By epoch: a share per part, which sum to 1. */
  readonly epochs: readonly { readonly epoch: number; readonly shares: readonly number[] }[]
}

/** @returns nothing if there is no epoch */
export function areaChart({ title, parts, epochs }: AreaChart): Html | undefined {
  const last = epochs.at(-1)
  if (!last) return undefined
  const count = last.epoch
  const y = (share: number) => BOTTOM - share * (BOTTOM - TOP)
  // a single epoch is as wide as the chart
  const spread = count === 1 ? [last, { ...last, epoch: 0 }] : epochs
  const x = (epoch: number) => (epoch < 1 ? RIGHT : xOf(epoch, count))
  const upTo = (shares: readonly number[], part: number) => shares.slice(0, part).reduce((sum, share) => sum + share, 0)
  const areas = parts.map(({ fill }, part) => {
    const above = spread.map(({ epoch, shares }) => `${fixed(x(epoch))} ${fixed(y(upTo(shares, part + 1)))}`)
    const below = spread.map(({ epoch, shares }) => `${fixed(x(epoch))} ${fixed(y(upTo(shares, part)))}`)
    return `<path class="${fill}" d="M${[...above, ...below.toReversed()].join('L')}Z"/>`
  })
  const labels: Curve[] = parts.map(({ name }, part) => ({
    classes: 'plain',
    label: `${name} ${(100 * last.shares[part]).toFixed(0)} %`,
    points: [{ x: RIGHT - 4, y: y(upTo(last.shares, part) + last.shares[part] / 2) }],
  }))
  const grid = [0, 0.5, 1].flatMap((share) => drawGridLine(LEFT, RIGHT, y(share), `${100 * share} %`))
  const said = labels.map(({ label }) => label).join('; ')
  return figure(title, `${title}, as shares over ${count} ${count === 1 ? 'epoch' : 'epochs'}; at the end: ${said}`, [
    ...grid,
    ...areas,
    ...epochAxis(count),
    ...drawLabels(labels, BOTTOM),
  ])
}

/** A single epoch is a point at the left. */
const xOf = (epoch: number, epochs: number) => LEFT + ((RIGHT - LEFT) * (epoch - 1)) / Math.max(1, epochs - 1)

const epochAxis = (epochs: number): string[] => [
  ...epochTicks(epochs, 10).map((epoch) =>
    drawText(xOf(epoch, epochs), BOTTOM + 20, String(epoch), { anchor: 'middle' }),
  ),
  drawText((LEFT + RIGHT) / 2, BOTTOM + 38, 'epoch', { anchor: 'middle' }),
]

/** @param parts SVG of ours, in which texts are escaped */
const figure = (title: string, description: string, parts: readonly string[]): Html =>
  html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${description}">${trusted(parts.join(''))}</svg>
  </figure>`
