/** Which classes are hard, and which are taken for which: shares by class, and two confusion matrices. */
import type { ClassCounts, Confusion } from '../ladder/classes.ts'
import { formatBall, formatCount, formatShare } from './format.ts'
import { type Html, html } from './html.ts'
import { splitBar } from './split-bar.ts'
import { type TitledCertificates, titledCertificates } from './titled.ts'
import type { Subject } from './subject.ts'

/** The section; nothing without certificates, or with images of one class only. */
export function classesSection(subjects: readonly Subject[]): Html | undefined {
  const files = titledCertificates(subjects).filter(({ summary }) => summary.classes.length > 1)
  if (files.length === 0) return undefined
  return html`<section id="classes" aria-labelledby="classes-title">
    <h2 id="classes-title">Classes</h2>
    <ul class="legend">
      ${outcomes.map(({ fill, label }) => html`<li><span class="swatch ${fill}"></span>${label}</li>`)}
    </ul>
    <div class="pairs">${files.map(classesOf)}</div>
    <p class="note">
      A row of a matrix is what the images of one class are taken for: as they are, or at the worst point that was found
      in the ball; robust images are taken for themselves, and undecided ones are left out.
    </p>
  </section>`
}

const outcomes = [
  { of: 'robust', fill: 'fill-robust', label: 'robust' },
  { of: 'undecided', fill: 'fill-undecided', label: 'undecided' },
  { of: 'attacked', fill: 'fill-attacked', label: 'vulnerable' },
  { of: 'wrong', fill: 'fill-wrong', label: 'misclassified as it is' },
] as const

function classesOf({ title, subject, header, summary }: TitledCertificates): Html {
  const { classes, confusion } = summary
  return html`<div>
    <h3><span class="key s${subject}"></span>${title}</h3>
    <p class="soft">${formatBall(header)}, ${formatCount(summary.images)} images of ${header.dataset.name}</p>
    <div class="wide" role="region" aria-label="Errors by class of ${title}" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">class</th>
            <th scope="col">shares</th>
            <th scope="col" class="number">clean error</th>
            <th scope="col" class="number">robust error</th>
            <th scope="col" class="number">images</th>
          </tr>
        </thead>
        <tbody>
          ${classes.filter(({ images }) => images > 0).map(classRow)}
        </tbody>
      </table>
    </div>
    ${matrix('Taken for, as they are', confusion.clean, classes)}
    ${matrix('Taken for, at worst', confusion.worst, classes)}
  </div>`
}

function classRow({ name, images, wrong, vulnerable, undecided, robust }: ClassCounts): Html {
  const counts = { robust, undecided, attacked: vulnerable - wrong, wrong }
  const shares = outcomes.map(({ of, fill, label }) => ({ fill, label, share: counts[of] / images }))
  const [least, most] = [vulnerable / images, (vulnerable + undecided) / images]
  return html` <tr>
    <th scope="row">${name}</th>
    <td class="bar">${splitBar(shares, name)}</td>
    <td class="number">${formatShare(wrong / images, 1)}</td>
    <td class="number">
      ${least === most ? formatShare(most, 1) : `${(100 * least).toFixed(1)} to ${formatShare(most, 1)}`}
    </td>
    <td class="number">${formatCount(images)}</td>
  </tr>`
}

/** More columns than these cannot be read. */
const MOST_COLUMNS = 26

function matrix(title: string, counts: Confusion, classes: readonly ClassCounts[]): Html | undefined {
  if (classes.length > MOST_COLUMNS) return undefined
  const share = (row: readonly number[], to: number) =>
    row[to]! /
    Math.max(
      1,
      row.reduce((a, b) => a + b),
    )
  return html`<details>
    <summary>${title}</summary>
    <div class="wide" role="region" aria-label="${title}" tabindex="0">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col"></th>
            ${classes.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${counts.map(
            (row, label) =>
              html` <tr>
                <th scope="row">${classes[label]!.name}</th>
                ${row.map(
                  (count, to) =>
                    html`<td class="number ${to === label ? 'same' : 'other'}" style="--share:${shade(share(row, to))}">
                      ${count > 0 && formatCount(count)}
                    </td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`
}

/** Per cent of the colour that a cell has, so that its text can be read. */
const shade = (share: number): string => `${Math.round(45 * share)}%`
