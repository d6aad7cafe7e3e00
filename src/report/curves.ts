/**
 * Training curves as one SVG that needs nothing else: clean and certified error of every network over the epochs, and
 * below, smaller, ε. Follows the light or dark scheme of the viewer.
 */
import type { EpochReport } from '../training/epoch-report.ts'
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
  niceTop,
  percent,
} from './chart.ts'
import { escapeText } from './html.ts'

const WIDTH = 860
/** Space for the labels at the curves' ends is on the right. */
const LEFT = 78
const RIGHT = WIDTH - 150
const ERRORS = { top: 84, bottom: 340 }
const EPSILON = { top: 380, bottom: 440 }
const HEIGHT = 490

type Colour = 'paper' | 'ink' | 'soft' | 'grid' | 'f' | 'g' | 'e'

/** Written out for each scheme, because few viewers except browsers know CSS variables. */
const colours = ({ paper, ink, soft, grid, f, g, e }: Record<Colour, string>) => `
  .paper { fill: ${paper} } text { fill: ${soft} } text.title { fill: ${ink} }
  .grid { stroke: ${grid} } .axis { stroke: ${soft} }
  .f { stroke: ${f} } .g { stroke: ${g} } .e { stroke: ${e} }
  text.f, circle.f { fill: ${f} } text.g, circle.g { fill: ${g} } text.e, circle.e { fill: ${e} }`

const style = `
  text { font: 13px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif }
  text.title { font-size: 17px; font-weight: 600 }
  .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; stroke-linecap: round }
  .clean { stroke-dasharray: 1 5.5 }
${colours({ ...{ paper: '#ffffff', ink: '#1c2430', soft: '#5d6877', grid: '#e3e7ec' }, f: '#0b62c4', g: '#c4570b', e: '#6b7685' })}
  @media (prefers-color-scheme: dark) {${colours({ ...{ paper: '#11161d', ink: '#e7ebf0', soft: '#98a3b2', grid: '#262e39' }, f: '#5aa9ff', g: '#ff9d5c', e: '#8b97a7' })}
  }
  text.f, text.g, text.e, circle { stroke: none }
`

/** What was proved, or what a GPU estimates. */
const boundOf = ({ certifiedError, estimatedError }: EpochReport): number | null =>
  certifiedError ?? estimatedError ?? null

/** @param reports of any networks and epochs; those without validation errors only count for ε */
export function curvesSvg(reports: readonly EpochReport[], title: string): string {
  const epochs = Math.max(1, ...reports.map(({ epoch }) => epoch))
  // A single epoch is a point at the left.
  const x = (epoch: number) => LEFT + ((RIGHT - LEFT) * (epoch - 1)) / Math.max(1, epochs - 1)
  const topEpsilon = niceTop(Math.max(...reports.map(({ epsilon }) => epsilon), 1e-6))
  const topError = errorTop(Math.max(0, ...reports.flatMap((r) => [boundOf(r) ?? 0, r.cleanError ?? 0])))
  const errorY = (share: number) => ERRORS.bottom - (share / topError) * (ERRORS.bottom - ERRORS.top)
  const epsilonY = (value: number) => EPSILON.bottom - (value / topEpsilon) * (EPSILON.bottom - EPSILON.top)

  // one epoch of a GPU among them, and the curves prove nothing
  const bound = reports.some(({ estimatedError }) => estimatedError !== undefined) ? 'estimated' : 'certified'
  const networks = [...new Set(reports.map(({ network }) => network))]
  const errors = networks.flatMap((network, i) => {
    const own = reports.filter((report) => report.network === network && isNumber(boundOf(report)))
    const colour = i === 0 ? 'f' : 'g'
    const curve = (of: typeof boundOf, kind: string, name: string): Curve => ({
      label: own.length > 0 ? `${network} ${name} ${percent(of(own.at(-1)!)!)}` : '',
      classes: `${colour} ${kind}`,
      points: own.map((report) => ({ x: x(report.epoch), y: errorY(of(report)!) })),
    })
    return [curve(boundOf, 'certified', bound), curve(({ cleanError }) => cleanError, 'clean', 'clean')]
  })
  const radii = reports.filter(({ network }) => network === networks[0])
  const radius: Curve = {
    label: `ε ${Number((radii.at(-1)?.epsilon ?? 0).toPrecision(3))}`,
    classes: 'e',
    points: radii.map(({ epoch, epsilon }) => ({ x: x(epoch), y: epsilonY(epsilon) })),
  }

  const body = [
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="10"/>`,
    drawText(LEFT, 34, title, { classes: 'title' }),
    legend(networks, bound),
    ...[0, 0.2, 0.4, 0.6, 0.8, 1]
      .map((part) => part * topError)
      .flatMap((share) => gridLine(errorY(share), percent(share))),
    axisTitle('validation error', (ERRORS.top + ERRORS.bottom) / 2),
    ...[0, topEpsilon].flatMap((value) => gridLine(epsilonY(value), String(value))),
    axisTitle('ε', (EPSILON.top + EPSILON.bottom) / 2),
    ...epochTicks(epochs).map((epoch) => drawText(x(epoch), EPSILON.bottom + 22, String(epoch), { anchor: 'middle' })),
    drawText((LEFT + RIGHT) / 2, EPSILON.bottom + 42, 'epoch', { anchor: 'middle' }),
    ...[...errors, radius].map(drawCurve),
    ...drawLabels(errors, ERRORS.bottom),
    ...drawLabels([radius], EPSILON.bottom),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escapeText(title)}: clean and ${bound} error over the epochs</title>`,
    `<style>${style}</style>`,
    ...body,
    '</svg>\n',
  ].join('\n')
}

/** What lines and colours mean. */
function legend(networks: readonly string[], bound: 'certified' | 'estimated'): string {
  const items = [
    { text: `${bound} error (${bound === 'certified' ? 'LP' : 'GPU'})`, classes: 'curve axis' },
    { text: 'clean error', classes: 'curve axis clean' },
    ...networks.map((network, i) => ({ text: `network ${network}`, classes: `curve ${i === 0 ? 'f' : 'g'}` })),
  ]
  let x = LEFT
  return items
    .map((item) => {
      const at = x
      x += 52 + 6.8 * item.text.length
      return `<path class="${item.classes}" d="M${at} 55h26"/>${drawText(at + 34, 59.5, item.text)}`
    })
    .join('')
}

const gridLine = (y: number, label: string): string[] => drawGridLine(LEFT, RIGHT, y, label)

const axisTitle = (label: string, y: number) =>
  `<text text-anchor="middle" transform="translate(20 ${fixed(y)}) rotate(-90)">${label}</text>`
