/** Cost of exact bounds over ε and over epochs as one SVG, which follows the viewer's light or dark scheme. */

export interface CostPoint {
  /** ε, or epochs done. */
  readonly x: number
  /** Of one thread, per image of an LP-dual training step. */
  readonly milliseconds: number
  /** Hidden neurons that stay unstable, and dual rows of hidden neurons, per image. */
  readonly unstable: number
  readonly rows: number
}

export interface CostCurve {
  readonly network: string
  /** Hidden neurons. */
  readonly neurons: number
  readonly over: 'ε' | 'epoch'
  readonly points: readonly CostPoint[]
}

const WIDTH = 900
const HEIGHT = 640
/** Panels: over ε at the left, over epochs at the right; time above, neurons below. */
const LEFTS = { ε: 84, epoch: 530 }
const ACROSS = 330
const ROWS = { time: { top: 96, bottom: 300 }, count: { top: 356, bottom: 560 } }

/** Written out for each scheme, because few viewers except browsers know CSS variables. */
const colours = (paper: string, ink: string, soft: string, grid: string, small: string, large: string) => `
  .paper { fill: ${paper} } text { fill: ${soft} } text.title { fill: ${ink} }
  .grid { stroke: ${grid} } .axis { stroke: ${soft} }
  .a { stroke: ${small} } .b { stroke: ${large} } text.a, circle.a { fill: ${small} } text.b, circle.b { fill: ${large} }`

const style = `
  text { font: 13px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif }
  text.title { font-size: 17px; font-weight: 600 }
  .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; stroke-linecap: round }
  .rows { stroke-dasharray: 1 5.5 } .neurons { stroke-width: 1.2; stroke-dasharray: 7 5 }
${colours('#ffffff', '#1c2430', '#5d6877', '#e3e7ec', '#0b62c4', '#c4570b')}
  @media (prefers-color-scheme: dark) {${colours('#11161d', '#e7ebf0', '#98a3b2', '#262e39', '#5aa9ff', '#ff9d5c')}
  }
  text.a, text.b, circle { stroke: none }
`

/** @param curves one over ε and one over epochs for each network */
export function costSvg(curves: readonly CostCurve[]): string {
  const networks = [...new Set(curves.map(({ network }) => network))]
  const classOf = (network: string) => 'ab'[networks.indexOf(network)]
  const times = decades(curves.flatMap(({ points }) => points.map((point) => point.milliseconds)))
  const counts = decades(
    curves.flatMap(({ points, neurons }) => [neurons, ...points.flatMap((p) => [p.unstable, p.rows])]),
  )
  const panels = (['ε', 'epoch'] as const).flatMap((over) => {
    const own = curves.filter((curve) => curve.over === over)
    const left = LEFTS[over]
    const most = Math.max(...own.flatMap(({ points }) => points.map(({ x }) => x)))
    const x = (value: number) => left + (ACROSS * value) / most
    const line = (points: readonly CostPoint[], y: (point: CostPoint) => number, classes: string) =>
      `<path class="curve ${classes}" d="${points.map((p, i) => `${i === 0 ? 'M' : 'L'}${fixed(x(p.x))} ${fixed(y(p))}`).join('')}"/>`
    const dots = (points: readonly CostPoint[], y: (point: CostPoint) => number, classes: string) =>
      points.map((p) => `<circle class="${classes}" cx="${fixed(x(p.x))}" cy="${fixed(y(p))}" r="3"/>`).join('')
    const [timeY, countY] = [scale(times, ROWS.time), scale(counts, ROWS.count)]
    const ticks = over === 'ε' ? [0, 0.1, 0.2, 0.3] : Array.from({ length: most + 1 }, (_, i) => i)
    return [
      ...grid(times, timeY, left),
      ...grid(counts, countY, left),
      ...ticks.flatMap((tick) =>
        Object.values(ROWS).map(({ bottom }) => text(x(tick), bottom + 20, String(tick), '', 'middle')),
      ),
      text(
        left + ACROSS / 2,
        ROWS.count.bottom + 44,
        over === 'ε' ? 'ε, after training' : 'epochs of training, at ε = 0.1',
        '',
        'middle',
      ),
      ...own.flatMap(({ network, neurons, points }) => {
        const name = classOf(network)
        const all = countY(neurons)
        return [
          line(points, (p) => timeY(p.milliseconds), name),
          dots(points, (p) => timeY(p.milliseconds), name),
          line(points, (p) => countY(p.unstable), name),
          dots(points, (p) => countY(p.unstable), name),
          line(points, (p) => countY(p.rows), `${name} rows`),
          `<path class="curve neurons ${name}" d="M${left} ${fixed(all)}H${left + ACROSS}"/>`,
        ]
      }),
    ]
  })
  const body = [
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="10"/>`,
    text(LEFTS.ε, 34, 'Time of exact bounds follows the unstable neurons, not all neurons', 'title'),
    legend(networks),
    ...panels,
    axisTitle('ms per image, one thread', (ROWS.time.top + ROWS.time.bottom) / 2),
    axisTitle('per image', (ROWS.count.top + ROWS.count.bottom) / 2),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    '<title>Time of an LP-dual training step, and unstable neurons, over ε and over epochs</title>',
    `<style>${style}</style>`,
    ...body,
    '</svg>\n',
  ].join('\n')
}

/** What lines and colours mean. */
function legend(networks: readonly string[]): string {
  const items = [
    ...networks.map((network, i) => ({ text: network, classes: `curve ${'ab'[i]}` })),
    { text: 'time; unstable neurons', classes: 'curve axis' },
    { text: 'dual rows', classes: 'curve axis rows' },
    { text: 'all hidden neurons', classes: 'curve axis neurons' },
  ]
  let at = LEFTS.ε
  return items
    .map((item) => {
      const x = at
      at += 56 + 7 * item.text.length
      return `<path class="${item.classes}" d="M${x} 61h28"/>${text(x + 36, 65.5, item.text)}`
    })
    .join('')
}

/** Powers of ten around values: an axis. */
const decades = (values: readonly number[]): readonly [number, number] => [
  Math.floor(Math.log10(Math.min(...values))),
  Math.ceil(Math.log10(Math.max(...values))),
]

const scale =
  ([low, high]: readonly [number, number], { top, bottom }: { readonly top: number; readonly bottom: number }) =>
  (value: number) =>
    bottom - ((Math.log10(value) - low) / (high - low)) * (bottom - top)

function grid([low, high]: readonly [number, number], y: (value: number) => number, left: number): string[] {
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)).flatMap((value) => [
    `<path class="grid" d="M${left} ${fixed(y(value))}H${left + ACROSS}"/>`,
    text(left - 10, y(value) + 4.5, value.toLocaleString('en'), '', 'end'),
  ])
}

const axisTitle = (label: string, y: number) =>
  `<text text-anchor="middle" transform="translate(20 ${fixed(y)}) rotate(-90)">${label}</text>`

const fixed = (value: number) => Number(value.toFixed(1))
const text = (x: number, y: number, content: string, classes = '', anchor = 'start') =>
  `<text x="${fixed(x)}" y="${fixed(y)}"${classes && ` class="${classes}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${content}</text>`
