/**
 * Training curves as one SVG that needs nothing else: clean and certified error of every network over the epochs, and
 * below, smaller, ε. Follows the light or dark scheme of the viewer.
 */
import type { EpochReport } from '../training/trainer.ts'

const WIDTH = 860
/** Space for the labels at the curves' ends is on the right. */
const LEFT = 78
const RIGHT = WIDTH - 150
const ERRORS = { top: 84, bottom: 340 }
const EPSILON = { top: 380, bottom: 440 }
const HEIGHT = 490
/** Least distance of two labels, in pixels. */
const LABEL_GAP = 17

/** Written out for each scheme, since few viewers but browsers know CSS variables. */
const colours = (paper: string, ink: string, soft: string, grid: string, f: string, g: string, e: string) => `
  .paper { fill: ${paper} } text { fill: ${soft} } text.title { fill: ${ink} }
  .grid { stroke: ${grid} } .axis { stroke: ${soft} }
  .f { stroke: ${f} } .g { stroke: ${g} } .e { stroke: ${e} }
  text.f, circle.f { fill: ${f} } text.g, circle.g { fill: ${g} } text.e, circle.e { fill: ${e} }`

const style = `
  text { font: 13px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif }
  text.title { font-size: 17px; font-weight: 600 }
  .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; stroke-linecap: round }
  .clean { stroke-dasharray: 1 5.5 }
${colours('#ffffff', '#1c2430', '#5d6877', '#e3e7ec', '#0b62c4', '#c4570b', '#6b7685')}
  @media (prefers-color-scheme: dark) {${colours('#11161d', '#e7ebf0', '#98a3b2', '#262e39', '#5aa9ff', '#ff9d5c', '#8b97a7')}
  }
  text.f, text.g, text.e, circle { stroke: none }
`

interface Curve {
  readonly label: string
  readonly classes: string
  /** Pixels. */
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

/** @param reports of any networks and epochs; those without validation errors only count for ε */
export function curvesSvg(reports: readonly EpochReport[], title: string): string {
  const epochs = Math.max(1, ...reports.map(({ epoch }) => epoch + 1))
  // A single epoch is a point at the left.
  const x = (epoch: number) => LEFT + ((RIGHT - LEFT) * epoch) / Math.max(1, epochs - 1)
  const topEpsilon = niceTop(Math.max(...reports.map(({ epsilon }) => epsilon), 1e-6))
  const topError = errorTop(Math.max(0, ...reports.flatMap((r) => [r.certifiedError ?? 0, r.cleanError ?? 0])))
  const errorY = (share: number) => ERRORS.bottom - (share / topError) * (ERRORS.bottom - ERRORS.top)
  const epsilonY = (value: number) => EPSILON.bottom - (value / topEpsilon) * (EPSILON.bottom - EPSILON.top)

  const networks = [...new Set(reports.map(({ network }) => network))]
  const errors = networks.flatMap((network, i) => {
    const own = reports.filter((report) => report.network === network && isNumber(report.certifiedError))
    const colour = i === 0 ? 'f' : 'g'
    const curve = (of: 'cleanError' | 'certifiedError', kind: string, name: string): Curve => ({
      label: own.length > 0 ? `${network} ${name} ${percent(own.at(-1)![of]!)}` : '',
      classes: `${colour} ${kind}`,
      points: own.map((report) => ({ x: x(report.epoch), y: errorY(report[of]!) })),
    })
    return [curve('certifiedError', 'certified', 'certified'), curve('cleanError', 'clean', 'clean')]
  })
  const radii = reports.filter(({ network }) => network === networks[0])
  const radius: Curve = {
    label: `ε ${Number((radii.at(-1)?.epsilon ?? 0).toPrecision(3))}`,
    classes: 'e',
    points: radii.map(({ epoch, epsilon }) => ({ x: x(epoch), y: epsilonY(epsilon) })),
  }

  const body = [
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="10"/>`,
    text(LEFT, 34, title, 'title'),
    legend(networks),
    ...[0, 0.2, 0.4, 0.6, 0.8, 1]
      .map((part) => part * topError)
      .flatMap((share) => gridLine(errorY(share), percent(share))),
    axisTitle('validation error', (ERRORS.top + ERRORS.bottom) / 2),
    ...[0, topEpsilon].flatMap((value) => gridLine(epsilonY(value), String(value))),
    axisTitle('ε', (EPSILON.top + EPSILON.bottom) / 2),
    ...epochTicks(epochs).map((epoch) => text(x(epoch - 1), EPSILON.bottom + 22, String(epoch), '', 'middle')),
    text((LEFT + RIGHT) / 2, EPSILON.bottom + 42, 'epoch', '', 'middle'),
    ...[...errors, radius].map(draw),
    ...labels(errors, ERRORS.bottom),
    ...labels([radius], EPSILON.bottom),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escape(title)}: clean and certified error over the epochs</title>`,
    `<style>${style}</style>`,
    ...body,
    '</svg>\n',
  ].join('\n')
}

/** What lines and colours mean. */
function legend(networks: readonly string[]): string {
  const items = [
    { text: 'certified error (LP)', classes: 'curve axis' },
    { text: 'clean error', classes: 'curve axis clean' },
    ...networks.map((network, i) => ({ text: `network ${network}`, classes: `curve ${i === 0 ? 'f' : 'g'}` })),
  ]
  let x = LEFT
  return items
    .map((item) => {
      const at = x
      x += 52 + 6.8 * item.text.length
      return `<path class="${item.classes}" d="M${at} 55h26"/>${text(at + 34, 59.5, item.text)}`
    })
    .join('')
}

function draw({ points, classes }: Curve): string {
  if (points.length === 0) return ''
  const path = points.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${fixed(x)} ${fixed(y)}`).join('')
  const end = points.at(-1)!
  const colour = classes.split(' ')[0]!
  return `<path class="curve ${classes}" d="${path}"/><circle class="${colour}" cx="${fixed(end.x)}" cy="${fixed(end.y)}" r="3.6"/>`
}

/** Texts beside the last points, moved apart where they would overlap. */
function labels(curves: readonly Curve[], lowest: number): string[] {
  const placed = curves
    .filter(({ points }) => points.length > 0)
    .map(({ points, label, classes }) => ({
      label,
      colour: classes.split(' ')[0]!,
      end: points.at(-1)!,
      y: points.at(-1)!.y,
    }))
    .toSorted((a, b) => a.y - b.y)
  for (let i = 1; i < placed.length; i++) placed[i]!.y = Math.max(placed[i]!.y, placed[i - 1]!.y + LABEL_GAP)
  // What was pushed below the axis comes back up.
  placed.reduceRight((lowest, label) => (label.y = Math.min(label.y, lowest)) - LABEL_GAP, lowest)
  return placed.map(({ label, colour, end, y }) => text(end.x + 12, y + 4.5, label, colour))
}

const gridLine = (y: number, label: string): string[] => [
  `<path class="grid" d="M${LEFT} ${fixed(y)}H${RIGHT}"/>`,
  text(LEFT - 10, y + 4.5, label, '', 'end'),
]

const axisTitle = (label: string, y: number) =>
  `<text text-anchor="middle" transform="translate(20 ${fixed(y)}) rotate(-90)">${label}</text>`

/** At most a dozen epochs, counted from 1, at a round distance. */
function epochTicks(epochs: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => epochs / size <= 12) ?? 1000
  const ticks = Array.from({ length: Math.floor(epochs / step) }, (_, i) => (i + 1) * step)
  return step === 1 ? ticks : [1, ...ticks]
}

/** The top of the error axis: a share whose fifths are round. */
const errorTop = (largest: number): number => [0.05, 0.1, 0.25, 0.5, 1].find((top) => largest <= top) ?? 1

/** The smallest of 1, 2, 3, 5 times a power of ten that is not below `value`. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return Number((power * [1, 2, 3, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9))!).toPrecision(2))
}

const isNumber = (value: unknown) => typeof value === 'number' && !Number.isNaN(value)
const fixed = (value: number) => Number(value.toFixed(1))
const percent = (share: number) => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))} %`
const escape = (raw: string) => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const text = (x: number, y: number, content: string, classes = '', anchor = 'start') =>
  `<text x="${fixed(x)}" y="${fixed(y)}"${classes && ` class="${classes}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escape(content)}</text>`
