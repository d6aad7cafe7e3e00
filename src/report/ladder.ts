/** The ladder's share of each method: by which step every image of a certification was decided. */
import { describeDomain } from '../region/domain.ts'
import { formatBall, formatCount, formatDuration, formatNumber, formatShare, titleOf } from './format.ts'
import { type Html, html } from './html.ts'
import { splitBar } from './split-bar.ts'
import type { Subject } from './subject.ts'
import { titledCertificates } from './titled.ts'
import type { CertifyRow } from '../ladder/rows.ts'
import { type LadderStep, type StepName, steps as ladder } from '../ladder/steps/index.ts'
import type { CertifySummary } from '../ladder/run-summary.ts'

export interface LadderPart {
  readonly outcome: 'robust' | 'undecided' | 'vulnerable'
  /** What decided it; of undecided images none. */
  readonly method: StepName | undefined
  readonly images: number
  readonly share: number
}

/** Proofs cheapest first, then what is undecided, then what is vulnerable, found last to found first. Sums to all rows. */
export function ladderOf(rows: readonly CertifyRow[]): LadderPart[] {
  const count = (outcome: LadderPart['outcome'], step?: LadderStep): LadderPart => {
    const decided = (row: CertifyRow) => row.result.verdict === 'undecided' || stepOf(row.result) === step
    const images = rows.filter((row) => row.result.verdict === outcome && decided(row)).length
    return { outcome, method: step?.name, images, share: images / rows.length }
  }
  return [
    ...ladder.filter(({ report }) => report.robust).map((step) => count('robust', step)),
    count('undecided'),
    ...finders.toReversed().map((step) => count('vulnerable', step)),
  ].filter(({ images }) => images > 0)
}

/** The steps that vulnerable images are shown under. */
const finders = ladder.filter(({ report }) => report.vulnerable)

/** The step that a decided image is shown under: bounds on the way to a complete answer meet counterexamples, too. */
function stepOf({ verdict, method }: Exclude<CertifyRow['result'], { verdict: 'undecided' }>): LadderStep | undefined {
  const place = ladder.findIndex(({ name }) => name === method)
  if (verdict === 'robust') return ladder[place]
  return ladder.slice(place).find((step) => finders.includes(step)) ?? finders.at(-1)
}

/** The section; nothing without certificates. */
export function ladderSection(subjects: readonly Subject[]): Html | undefined {
  const files = titledCertificates(subjects)
  if (files.length === 0) return undefined
  return html`<section id="ladder" aria-labelledby="ladder-title">
    <h2 id="ladder-title">What decided the images</h2>
    <div class="pairs">
      ${files.map(({ title, subject, rows, header, summary }) => {
        const parts = ladderOf(rows)
        return html`<div>
          <h3><span class="key s${subject}"></span>${title}</h3>
          <p class="soft">
            ${formatBall(header)}, ${describeDomain(header.domain)}, ${formatCount(rows.length)} images of
            ${header.dataset.name}
          </p>
          ${splitBar(
            parts.map((part) => ({ ...part, label: labelOf(part), fill: fillOf(part) })),
            `${formatCount(rows.length)} images of ${title}`,
          )}
          <div class="wide" role="region" aria-label="Steps of ${title}" tabindex="0">
            <table>
              <thead>
                <tr>
                  <th scope="col">outcome</th>
                  <th scope="col" class="number">images</th>
                  <th scope="col" class="number">share</th>
                </tr>
              </thead>
              <tbody>
                ${parts.map(
                  (part) =>
                    html` <tr>
                      <th scope="row"><span class="swatch ${fillOf(part)}"></span>${labelOf(part)}</th>
                      <td class="number">${formatCount(part.images)}</td>
                      <td class="number">${formatShare(part.share)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>
          ${costTable(summary, title)}
        </div>`
      })}
    </div>
  </section>`
}

/** What each step took. */
function costTable(summary: CertifySummary, title: string): Html {
  const steps = summary.methods.flatMap((method) => {
    const count = summary[method]
    return count && count.tried > 0 ? [{ method, ...count }] : []
  })
  return html`<details>
    <summary>What each step took</summary>
    <div class="wide" role="region" aria-label="Cost of the steps of ${title}" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">step</th>
            <th scope="col" class="number">tried</th>
            <th scope="col" class="number">settled</th>
            <th scope="col" class="number">per image</th>
            <th scope="col" class="number">in one thread</th>
          </tr>
        </thead>
        <tbody>
          ${steps.map(
            ({ method, tried, settled, seconds, secondsPerImage }) =>
              html` <tr>
                <th scope="row">${titleOf(method)}</th>
                <td class="number">${formatCount(tried)}</td>
                <td class="number">${formatCount(settled)}</td>
                <td class="number">
                  ${secondsPerImage < 1 ? `${formatNumber(1000 * secondsPerImage)} ms` : formatDuration(secondsPerImage)}
                </td>
                <td class="number">${formatDuration(seconds)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`
}

function labelOf({ outcome, method }: LadderPart): string {
  if (outcome === 'undecided') return 'undecided'
  if (outcome === 'robust') return `proved by ${titleOf(method!)}`
  return ladder.find(({ name }) => name === method)!.report.vulnerable!.label
}

const fillOf = ({ outcome, method }: LadderPart): string =>
  outcome === 'undecided' ? 'fill-undecided' : `fill-${outcome}-${method}`
