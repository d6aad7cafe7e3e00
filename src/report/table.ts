/** The table of a report: a row per file of certificates, or of a run without any what its validation said. */
import { type Domain, describeDomain, trainingDomain } from '../region/domain.ts'
import { type Norm, describeNorm, defaultNorm } from '../region/norm.ts'
import { formatCount, formatEpsilon, formatShare } from './format.ts'
import { type Content, type Html, html } from './html.ts'
import type { NamedCertificates, Subject } from './subject.ts'
import type { Ball } from '../region/ball.ts'
import { type StepName, steps } from '../ladder/steps/index.ts'

/** Errors of the steps that have a column, as shares of the images. */
type StepErrors = { readonly [step in StepName]?: number }

export interface TableRow extends Ball, StepErrors {
  /** Which of the report's subjects, from 0. */
  readonly subject: number
  readonly name: string
  /**
   * Whose images: the test part, those kept from training for validation, or others than the test part (also of
   * validation, if they were certified so). 'unknown' where no test images are at hand to compare with.
   */
  readonly part: 'validation' | CertifiedPart
  readonly dataset: string
  /** Identifies the images of certificates. */
  readonly sha256?: string
  readonly network: string
  /** Index of the first of the images. */
  readonly first: number
  readonly images: number
  /** Of the training, where the run is known. */
  readonly method?: string
  readonly epochs?: number
  readonly seed?: number
  /** Shares of the images: what is vulnerable for certain, and that with all that is undecided. */
  readonly exact?: { readonly least: number; readonly most: number }
}

export type CertifiedPart = 'test' | 'other' | 'unknown'

/**
 * In the order of the subjects.
 * @param parts of which part the images of certificates are, by their hash; 'unknown' if it is not among them
 */
export function tableRows(subjects: readonly Subject[], parts: ReadonlyMap<string, CertifiedPart>): TableRow[] {
  return subjects.flatMap(({ name, run, certificates }, subject) => {
    const { method, epochs, seed } = run?.settings ?? {}
    const training = {
      ...(typeof method === 'string' && { method }),
      ...(typeof epochs === 'number' && { epochs }),
      ...(typeof seed === 'number' && { seed }),
    }
    const rows = certificates.map((file) => ({
      ...{ subject, name: run ? `${name}, ${file.name}` : name },
      ...training,
      part: parts.get(file.header.dataset.sha256) ?? 'unknown',
      ...ofCertificates(file),
    }))
    return rows.length > 0 ? rows : ofValidation(subjects[subject], subject, training)
  })
}

function ofCertificates({ summary, header, known }: NamedCertificates) {
  const { dataset, network, epsilon, epsilons, norm, domain, robustError, first, images } = summary
  const name = known && known.name !== header.network.name ? `${network.name} (${known.name})` : network.name
  return {
    ...{ dataset: dataset.name, sha256: dataset.sha256, network: name, first, images, epsilon, epsilons, norm, domain },
    ...Object.fromEntries(columns.flatMap(({ name: step }) => (summary[step] ? [[step, summary[step].error]] : []))),
    // images that are open after the last step count as undecided
    exact: robustError,
  }
}

/** The epoch that became `best.safetensors`: the lowest certified error, then the lowest clean one. */
function ofValidation({ name, run }: Subject, subject: number, training: object): TableRow[] {
  const judged = (run?.log ?? []).filter(({ certifiedError }) => certifiedError !== null)
  const [best] = judged.toSorted(
    (a, b) => a.certifiedError! - b.certifiedError! || (a.cleanError ?? 1) - (b.cleanError ?? 1),
  )
  if (!run || !best) return []
  const {
    dataset,
    architecture,
    epsilon,
    epsilons,
    norm = defaultNorm,
    domain = trainingDomain,
    validationCount,
  } = run.settings
  return [
    {
      ...{ subject, name, part: 'validation', dataset: String(dataset), ...training },
      network: `${String(architecture)} (${best.network}, epoch ${best.epoch})`,
      ...{
        first: 0,
        images: Number(validationCount),
        epsilon: Number(epsilon),
        epsilons: epsilons as readonly number[] | undefined,
        norm: norm as Norm,
        domain: domain as Domain,
      },
      ...(best.cleanError !== null && { clean: best.cleanError }),
      lp: best.certifiedError!,
    },
  ]
}

/** Steps with a column of their own. */
const columns = steps.flatMap(({ name, report: { column } }) => (column ? [{ ...column, name }] : []))
type Measure = StepName | 'exact'
const measures: readonly Measure[] = [...columns.map(({ name }) => name), 'exact']

/** An error that counts every image without an answer: the lower, the better. */
const worst = (row: TableRow, measure: Measure): number | undefined =>
  measure === 'exact' ? row.exact?.most : row[measure]

/**
 * Whether no other row is better, of those that are of the same images, ball and domain. False where there is nothing to
 * compare with.
 */
export function isBest(rows: readonly TableRow[], row: TableRow, measure: Measure): boolean {
  const key = ({ dataset, part, sha256, first, images, epsilon, epsilons, norm, domain }: TableRow) =>
    JSON.stringify([dataset, part, sha256, first, images, epsilon.toPrecision(9), epsilons, norm, domain])
  const value = worst(row, measure)
  const others = rows.filter((other) => key(other) === key(row)).flatMap((other) => worst(other, measure) ?? [])
  return value !== undefined && others.length > 1 && others.every((other) => value <= other)
}

/** The section, for people. */
export function tableSection(rows: readonly TableRow[]): Html {
  if (rows.length === 0) {
    return html`<section id="errors" aria-labelledby="errors-title">
      <h2 id="errors-title">Errors</h2>
      <p class="note">Nothing is proved yet: certify the network, and this report has its errors.</p>
    </section>`
  }
  // on narrow screens a row is a list, and each cell shows the title of its column
  const cell = (title: string, content: Content, more = '', hint = '') =>
    html`<td class="${more}" data-title="${title}" ${hint && html` title="${hint}"`}><span>${content}</span></td>`
  const errorCell = (title: string, row: TableRow, measure: Measure) => {
    const isMarked = isBest(rows, row, measure)
    const mark = html` <span class="mark" title="best of those that can be compared" aria-label="best">★</span>`
    return cell(title, [errorOf(row, measure), isMarked && mark], isMarked ? 'number best' : 'number')
  }
  const hasMarks = rows.some((row) => measures.some((measure) => isBest(rows, row, measure)))
  return html`<section id="errors" aria-labelledby="errors-title">
    <h2 id="errors-title">Errors</h2>
    <div class="wide" role="region" aria-label="Table of errors" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">run</th>
            ${columns.map(({ title }) => html`<th scope="col" class="number">${title}</th>`)}
            <th scope="col" class="number">exact</th>
            <th scope="col">ε</th>
            <th scope="col">norm</th>
            <th scope="col">domain</th>
            <th scope="col">images</th>
            <th scope="col">network</th>
            <th scope="col">method</th>
            <th scope="col" class="number">epochs</th>
            <th scope="col" class="number">seed</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html` <tr>
                <th scope="row"><span class="key s${row.subject}"></span>${row.name}</th>
                ${columns.map(({ name, title }) => errorCell(title, row, name))}${errorCell('exact', row, 'exact')}
                ${cell('ε', `${row.epsilons ? 'per feature, at most ' : ''}${formatEpsilon(row.epsilon)}`)}${cell('norm', describeNorm(row.norm))}
                ${cell('domain', row.domain, '', describeDomain(row.domain))}
                ${cell('images', imagesOf(row), 'words')}${cell('network', row.network, 'words')}
                ${cell('method', row.method ?? '–')}${cell('epochs', row.epochs ?? '–', 'number')}
                ${cell('seed', row.seed ?? '–', 'number')}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="note">
      ${columns.map(({ note }) => `${note} `)}Exact: some perturbation within ε is misclassified; where images are
      undecided, the error lies between what is vulnerable for certain and that with all of
      them.${hasMarks && html` <span class="mark">★</span> marks the lowest error of rows that speak of the same images, ball and domain.`}${
        rows.some(({ part }) => part === 'validation') &&
        html` Rows of validation images come from the log: they say what the best epoch was chosen by, not what test
        images give.`
      }${
        rows.some(({ part }) => part === 'other') &&
        html` Other images are not the test part of the data set, but those that a run was validated by, say.`
      }
    </p>
  </section>`
}

const imagesOf = ({ dataset, images, part }: TableRow): string =>
  `${dataset}, ${formatCount(images)}${part === 'unknown' ? '' : ` ${part}`} images`

function errorOf(row: TableRow, measure: Measure): string {
  if (measure !== 'exact') return formatShare(row[measure])
  if (!row.exact) return '–'
  const { least, most } = row.exact
  return least === most ? formatShare(most) : `${(100 * least).toFixed(2)} to ${formatShare(most)}`
}
