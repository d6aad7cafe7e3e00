/** What pictures of experiments have in common: colours for light and dark, and the document around what is drawn. */
import { drawText } from '../report/chart.ts'
import { escapeText } from '../report/html.ts'

export const seriesColours = ['blue', 'orange', 'green'] as const
export type SeriesColour = (typeof seriesColours)[number]

export const WIDTH = 860

/** Written out for each scheme, because few viewers except browsers know CSS variables. */
const scheme = (paper: string, ink: string, soft: string, grid: string, series: readonly string[]) => `
  .paper { fill: ${paper} } text { fill: ${soft} } text.title, text.strong { fill: ${ink} } .grid { stroke: ${grid} }
  ${seriesColours
    .map(
      (name, i) =>
        `.${name} { stroke: ${series[i]} } text.${name}, circle.${name}, rect.${name} { fill: ${series[i]} }`,
    )
    .join(' ')}`

const style = `
  text { font: 13px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif }
  text.title { font-size: 17px; font-weight: 600 }
  .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; stroke-linecap: round }
  .dotted { stroke-dasharray: 1 5.5 }
  .faded { opacity: 0.45 }
${scheme('#ffffff', '#1c2430', '#5d6877', '#e3e7ec', ['#0b62c4', '#c4570b', '#1f7a3d'])}
  @media (prefers-color-scheme: dark) {${scheme('#11161d', '#e7ebf0', '#98a3b2', '#262e39', ['#5aa9ff', '#ff9d5c', '#63c787'])}
  }
  text, circle, rect { stroke: none !important }
`

/** One SVG that needs nothing else. @param title above all, from `left` on; also what a screen reader says */
export const frame = (title: string, left: number, height: number, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="10"/>`,
    drawText(left, 34, title, 'title'),
    ...body,
    '</svg>\n',
  ].join('\n')
