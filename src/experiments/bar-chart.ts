/** The bars of a table as one SVG without other files: row by row, in columns that each have a scale of their own. */
import { drawText, fixed, isNumber } from '../report/chart.ts'
import { type SeriesColour, WIDTH, frame } from './frame.ts'

export interface BarSeries {
  readonly label: string
  readonly colour: SeriesColour
  /** For figures that others have published. */
  readonly faded?: boolean
}

export interface BarRow {
  readonly label: string
  /** By column and series; null if there is no value. */
  readonly values: readonly (readonly (number | null)[])[]
}

export interface BarColumn {
  readonly title: string
  readonly format: (value: number) => string
}

const LEFT = 136
const GAP = 28
/** Room for the number after a bar. */
const FIGURE = 66
const TOP = 112
const BAR = 15
const BETWEEN = 16

/** Draws the bars, which begin at 0. The longest of a column takes all the room. */
export function barChart(
  title: string,
  columns: readonly BarColumn[],
  series: readonly BarSeries[],
  rows: readonly BarRow[],
): string {
  const step = series.length * BAR + BETWEEN
  const width = (WIDTH - LEFT - GAP * columns.length) / columns.length
  const body = columns.flatMap((column, c) => {
    const left = LEFT + c * (width + GAP)
    const longest = Math.max(...rows.flatMap(({ values }) => values[c].filter(isNumber)), 0)
    const lengthOf = (value: number) => (longest > 0 ? (value / longest) * (width - FIGURE) : 0)
    return [
      drawText(left, TOP - 14, column.title, { classes: 'strong' }),
      `<path class="grid" d="M${fixed(left)} ${TOP - 4}V${TOP + rows.length * step - BETWEEN + 4}"/>`,
      ...rows.flatMap(({ values }, r) =>
        values[c].flatMap((value, s) => {
          if (!isNumber(value)) return []
          const { colour, faded } = series[s]
          const y = TOP + r * step + s * BAR
          const bar = `x="${fixed(left)}" y="${fixed(y + 1.5)}" width="${fixed(lengthOf(value))}" height="${BAR - 3}"`
          return [
            `<rect class="${colour}${faded ? ' faded' : ''}" ${bar} rx="2"/>`,
            drawText(left + lengthOf(value) + 6, y + BAR - 3, column.format(value)),
          ]
        }),
      ),
    ]
  })
  const middle = (r: number) => TOP + r * step + (series.length * BAR) / 2 + 4.5
  return frame(title, 24, TOP + rows.length * step + 10, [
    ...legend(series),
    ...rows.map(({ label }, r) => drawText(24, middle(r), label, { classes: 'strong' })),
    ...body,
  ])
}

function legend(series: readonly BarSeries[]): string[] {
  let x = 24
  return series.map(({ label, colour, faded }) => {
    const at = x
    x += 42 + 6.8 * label.length
    return (
      `<rect class="${colour}${faded ? ' faded' : ''}" x="${fixed(at)}" y="51" width="14" height="12" rx="2"/>` +
      drawText(at + 20, 62, label)
    )
  })
}
