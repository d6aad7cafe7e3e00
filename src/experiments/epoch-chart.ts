/**
 * Curves over epochs as one SVG without other files: panels one below the other, each with its own axis, in the light or
 * dark scheme of the viewer.
 */
import {
  type Curve,
  drawCurve,
  drawGridLine,
  drawLabels,
  drawText,
  epochTicks,
  errorTop,
  fixed,
  isNumber,
  niceTicks,
  percent,
} from '../report/chart.ts'
import { escapeText } from '../report/html.ts'
import { type SeriesColour, WIDTH, frame } from './frame.ts'

export interface Series {
  readonly label: string
  readonly colour: SeriesColour
  readonly dotted?: boolean
  /** One value per epoch; null if there is none. */
  readonly values: readonly (number | null)[]
}

export interface Panel {
  /** Title of the vertical axis. */
  readonly title: string
  /** Shares begin at 0 and are shown in per cent; other numbers have an axis of their own. */
  readonly unit: 'share' | 'number'
  readonly series: readonly Series[]
}

const LEFT = 78
/** Space for the labels at the curves' ends. */
const RIGHT = WIDTH - 190
const TOP = 66
const PANEL = 250
const GAP = 40
const BOTTOM = 52

/** @param title above all; also what a screen reader says */
export function epochChart(title: string, panels: readonly Panel[]): string {
  const epochs = Math.max(1, ...panels.flatMap(({ series }) => series.map(({ values }) => values.length)))
  // a single epoch is a point at the left
  const x = (epoch: number) => LEFT + ((RIGHT - LEFT) * epoch) / Math.max(1, epochs - 1)
  const height = TOP + panels.length * (PANEL + GAP) - GAP + BOTTOM
  const axis = height - BOTTOM
  return frame(title, LEFT, height, [
    ...panels.flatMap((panel, i) => drawPanel(panel, TOP + i * (PANEL + GAP), x)),
    ...epochTicks(epochs).map((epoch) => drawText(x(epoch - 1), axis + 22, String(epoch), { anchor: 'middle' })),
    drawText((LEFT + RIGHT) / 2, axis + 42, 'epoch', { anchor: 'middle' }),
  ])
}

function drawPanel({ title, unit, series }: Panel, top: number, x: (epoch: number) => number): string[] {
  const bottom = top + PANEL
  const numbers = series.flatMap(({ values }) => values.filter(isNumber))
  const ticks = ticksOf(unit, numbers)
  const [low, high] = [ticks[0], ticks.at(-1)!]
  const y = (value: number) => bottom - ((value - low) / (high - low)) * PANEL
  const say = (value: number) => (unit === 'share' ? percent(value) : value.toPrecision(3)).replace('-', '−')
  const curves = series.map(({ label, colour, dotted, values }): Curve => {
    const points = values.flatMap((value, i) => (isNumber(value) ? [{ x: x(i), y: y(value) }] : []))
    const last = values.findLast(isNumber)
    return {
      label: last === undefined ? '' : `${label} ${say(last)}`,
      classes: `${colour}${dotted ? ' dotted' : ''}`,
      points,
    }
  })
  const middle = fixed((top + bottom) / 2)
  return [
    `<text text-anchor="middle" transform="translate(20 ${middle}) rotate(-90)">${escapeText(title)}</text>`,
    ...ticks.flatMap((tick) =>
      drawGridLine(LEFT, RIGHT, y(tick), unit === 'share' ? percent(tick) : String(tick).replace('-', '−')),
    ),
    ...curves.map(drawCurve),
    ...drawLabels(curves, bottom),
  ]
}

function ticksOf(unit: Panel['unit'], numbers: readonly number[]): number[] {
  if (unit === 'number') return niceTicks(Math.min(0, ...numbers), Math.max(0, ...numbers))
  const top = errorTop(Math.max(0, ...numbers))
  return [0, 0.2, 0.4, 0.6, 0.8, 1].map((part) => part * top)
}
