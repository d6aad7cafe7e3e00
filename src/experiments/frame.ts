/** What pictures of experiments have in common: colours for light and dark, and the document around what is drawn. */
import { drawText } from '../report/chart.ts'
import { escapeText } from '../report/html.ts'

export const seriesColours = ['blue', 'orange', 'green'] as const
export type SeriesColour = (typeof seriesColours)[number]

export const WIDTH = 860

interface Scheme {
  readonly paper: string
  readonly ink: string
  readonly soft: string
  readonly grid: string
  readonly series: readonly string[]
}

/** Written out for each scheme, since few viewers except browsers know CSS variables. */
const rulesOf = ({ paper, ink, soft, grid, series }: Scheme) => `
  .paper { fill: ${paper} } text { fill: ${soft} } text.title, text.strong { fill: ${ink} } .grid { stroke: ${grid} }
  ${seriesColours
    .map(
      (name, i) =>
        `.${name} { stroke: ${series[i]} } text.${name}, circle.${name}, rect.${name} { fill: ${series[i]} }`,
    )
    .join(' ')}`

const light: Scheme = {
  ...{ paper: '#ffffff', ink: '#1c2430', soft: '#5d6877', grid: '#e3e7ec' },
  series: ['#0b62c4', '#c4570b', '#1f7a3d'],
}
const dark: Scheme = {
  ...{ paper: '#11161d', ink: '#e7ebf0', soft: '#98a3b2', grid: '#262e39' },
  series: ['#5aa9ff', '#ff9d5c', '#63c787'],
}

const style = `
  text { font: 13px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif }
  text.title { font-size: 17px; font-weight: 600 }
  .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; stroke-linecap: round }
  .dotted { stroke-dasharray: 1 5.5 }
  .faded { opacity: 0.45 }
${rulesOf(light)}
  @media (prefers-color-scheme: dark) {${rulesOf(dark)}
  }
  text, circle, rect { stroke: none !important }
`

/** One SVG without other files. @param title above all, from `left` on; also what a screen reader says */
export const frame = (title: string, left: number, height: number, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="10"/>`,
    drawText(left, 34, title, { classes: 'title' }),
    ...body,
    '</svg>\n',
  ].join('\n')
