/** What charts over epochs are drawn with, as pieces of SVG: curves with labels at their ends, grids, scales. */
import { escapeText } from './html.ts'

/** Least distance of two labels, in pixels. */
const LABEL_GAP = 17

export interface Curve {
  /** Beside the last point. */
  readonly label: string
  /** Of the style sheet; the first one is the colour, of the label too. */
  readonly classes: string
  /** Pixels. */
  readonly points: readonly Point[]
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** The line and a dot at its end; nothing if it has no points. */
export function drawCurve({ points, classes }: Curve): string {
  if (points.length === 0) return ''
  const path = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${fixed(x)} ${fixed(y)}`).join('')
  const end = points.at(-1)!
  const colour = classes.split(' ')[0]
  return `<path class="curve ${classes}" d="${path}"/><circle class="${colour}" cx="${fixed(end.x)}" cy="${fixed(end.y)}" r="3.6"/>`
}

/**
 * Texts in a column right of all curves, moved apart where they would overlap. A thin line leads from the end of a curve
 * that ends before the others to its text.
 * @param lowest where the last of them may be, at most
 */
export function drawLabels(curves: readonly Curve[], lowest: number): string[] {
  const placed = curves
    .filter(({ points, label }) => points.length > 0 && label !== '')
    .map(({ points, label, classes }) => ({
      label,
      colour: classes.split(' ')[0],
      end: points.at(-1)!,
      y: points.at(-1)!.y,
    }))
    .toSorted((a, b) => a.y - b.y)
  for (let i = 1; i < placed.length; i++) placed[i].y = Math.max(placed[i].y, placed[i - 1].y + LABEL_GAP)
  // What was pushed below the axis comes back up.
  placed.reduceRight((lowest, label) => (label.y = Math.min(label.y, lowest)) - LABEL_GAP, lowest)
  const right = Math.max(...placed.map(({ end }) => end.x))
  return placed.flatMap(({ label, colour, end, y }) => [
    ...(end.x < right - 1
      ? [`<path class="grid" d="M${fixed(end.x + 6)} ${fixed(end.y)}L${fixed(right + 8)} ${fixed(y)}"/>`]
      : []),
    drawText(right + 12, y + 4.5, label, { classes: colour }),
  ])
}

/** A horizontal line from `left` to `right`, with its value on the left. */
export const drawGridLine = (left: number, right: number, y: number, label: string): string[] => [
  `<path class="grid" d="M${fixed(left)} ${fixed(y)}H${fixed(right)}"/>`,
  drawText(left - 10, y + 4.5, label, { anchor: 'end' }),
]

/** @param style classes of the style sheet, and which end of the text lies at x: its start, if left out */
export function drawText(
  x: number,
  y: number,
  content: string,
  { classes = '', anchor }: { readonly classes?: string | undefined; readonly anchor?: 'middle' | 'end' } = {},
): string {
  const more = `${classes && ` class="${classes}"`}${anchor ? ` text-anchor="${anchor}"` : ''}`
  return `<text x="${fixed(x)}" y="${fixed(y)}"${more}>${escapeText(content)}</text>`
}

/** At most `most` or so epochs, counted from 1, at a round distance. */
export function epochTicks(epochs: number, most = 12): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => epochs / size <= most) ?? 1000
  const ticks = Array.from({ length: Math.floor(epochs / step) }, (_, i) => (i + 1) * step)
  return step === 1 ? ticks : [1, ...ticks]
}

/** The top of the axis of an error: a share whose fifths are round. */
export const errorTop = (largest: number): number => [0.05, 0.1, 0.25, 0.5, 1].find((top) => largest <= top) ?? 1

/** The smallest of 1, 2, 3, 5 times a power of ten that is not below `value`, which is positive. */
export function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return Number((power * [1, 2, 3, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9))!).toPrecision(2))
}

/** Round numbers from below `least` to above `most`, four to seven of them. */
export function niceTicks(least: number, most: number): number[] {
  const rough = (most - least || Math.abs(most) || 1) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!
  const first = Math.floor(least / step + 1e-9)
  const last = Math.max(first + 1, Math.ceil(most / step - 1e-9))
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

export const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value)
/** Rounded to a tenth of a pixel. */
export const fixed = (value: number): number => Number(value.toFixed(1))
/** '12.5 %': two or three digits. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))} %`
