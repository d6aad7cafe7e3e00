/** How far the images are from the decision: a histogram of margins per file of certificates. */
import type { MarginHistogram } from '../ladder/margin-histogram.ts'
import { drawGridLine, drawText, fixed, niceTicks } from './chart.ts'
import { formatBall, formatCount } from './format.ts'
import { type Html, html, trusted } from './html.ts'
import type { Subject } from './subject.ts'
import { type TitledCertificates, titledCertificates } from './titled.ts'

const WIDTH = 460
const HEIGHT = 230
const LEFT = 58
const RIGHT = WIDTH - 12
const TOP = 16
const BOTTOM = HEIGHT - 46

/** From the axis up. */
const outcomes = ['robust', 'undecided', 'vulnerable'] as const

/** The section; nothing without certificates. */
export function marginsSection(subjects: readonly Subject[]): Html | undefined {
  const files = titledCertificates(subjects)
  if (files.length === 0) return undefined
  return html`<section id="margins" aria-labelledby="margins-title">
    <h2 id="margins-title">Margins</h2>
    <ul class="legend">
      ${outcomes.map((outcome) => html`<li><span class="swatch ${fillOf(outcome)}"></span>${outcome}</li>`)}
    </ul>
    <div class="charts">${files.map(marginsOf)}</div>
    <p class="note">
      A margin is the logit of the right class less the largest other one. Of robust images it is what was proved
      everywhere in the ball, of vulnerable ones that of the point that was found, of undecided ones the best that was
      proved. A proof stops at the first step that decides, so it may say less than is true.
    </p>
  </section>`
}

const fillOf = (outcome: (typeof outcomes)[number]) => (outcome === 'vulnerable' ? 'fill-attacked' : `fill-${outcome}`)

function marginsOf({ title, header, summary: { margins, images } }: TitledCertificates): Html {
  const without = margins.without > 0 ? `, ${formatCount(margins.without)} of them without a margin` : ''
  return html`<figure class="chart">
    <figcaption>
      ${title} <span class="soft">${formatBall(header)}, ${formatCount(images)} images${without}</span>
    </figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${descriptionOf(title, margins)}">
      ${trusted(drawHistogram(margins).join(''))}
    </svg>
  </figure>`
}

function descriptionOf(title: string, { from, width, ...counts }: MarginHistogram): string {
  const highest = outcomes.flatMap((outcome) => {
    const bins = counts[outcome]
    const most = Math.max(...bins)
    if (most === 0) return []
    const low = from + bins.indexOf(most) * width
    return [`most ${outcome} images (${most} in a bin) from ${short(low)} to ${short(low + width)}`]
  })
  return `Margins of ${title}: ${highest.join('; ') || 'none'}`
}

/** Bars that stand on each other, in a scale from the least to the largest margin. */
function drawHistogram({ from, width, ...counts }: MarginHistogram): string[] {
  const bins = counts.robust.length
  const totals = counts.robust.map((_, bin) => outcomes.reduce((sum, outcome) => sum + counts[outcome][bin]!, 0))
  const ticks = niceTicks(0, Math.max(1, ...totals)).filter(Number.isInteger)
  const most = Math.max(ticks.at(-1)!, ...totals)
  const y = (count: number) => BOTTOM - (count / most) * (BOTTOM - TOP)
  const x = (margin: number) => LEFT + ((margin - from) / (bins * width)) * (RIGHT - LEFT)
  const barWidth = (RIGHT - LEFT) / bins
  const bars = totals.flatMap((_, bin) => {
    let below = 0
    return outcomes.map((outcome) => {
      const count = counts[outcome][bin]!
      if (count === 0) return ''
      below += count
      const left = fixed(LEFT + bin * barWidth + 0.5)
      const height = fixed(Math.max(1, y(below - count) - y(below)))
      return `<rect class="${fillOf(outcome)}" x="${left}" y="${fixed(y(below))}" width="${fixed(barWidth - 1)}" height="${height}"/>`
    })
  })
  const margins = niceTicks(from, from + bins * width).filter((tick) => tick >= from && tick <= from + bins * width)
  return [
    ...ticks.flatMap((tick) => drawGridLine(LEFT, RIGHT, y(tick), formatCount(tick))),
    ...bars,
    `<path class="zero" d="M${fixed(x(0))} ${TOP}V${BOTTOM}"/>`,
    ...margins.map((tick) => drawText(x(tick), BOTTOM + 20, short(tick), { anchor: 'middle' })),
    drawText((LEFT + RIGHT) / 2, BOTTOM + 40, 'margin', { anchor: 'middle' }),
  ]
}

const short = (value: number) => String(Number(value.toPrecision(4))).replace('-', '−')
