/** The curves of the runs' training, from their logs. */
import { formatEpsilon, formatNumber, formatDuration } from './format.ts'
import { percent } from './chart.ts'
import { type Html, html } from './html.ts'
import { type Series, areaChart, lineChart } from './line-chart.ts'
import type { Epoch } from './epoch.ts'
import type { Subject } from './subject.ts'

interface Learner {
  readonly subject: number
  readonly run: string
  readonly network: string
  readonly epochs: readonly Epoch[]
}

interface Chart {
  readonly title: string
  readonly of: (epoch: Epoch) => number | null | undefined
  /** Where the value itself is not known: `of` is the most that it can be, this the least, in a dotted curve. */
  readonly least?: (epoch: Epoch) => number | null | undefined
  /** What tells the two curves apart, in their labels. */
  readonly names?: { readonly most: string; readonly least: string }
  readonly format: (value: number) => string
  /** All networks of a run have the same values, so one curve is drawn for all of them. */
  readonly common?: boolean
}

const charts: readonly Chart[] = [
  { title: 'Loss', of: ({ loss }) => loss, format: formatNumber },
  { title: 'Clean error, training', of: ({ trainingError }) => trainingError, format: percent },
  { title: 'Clean error, validation', of: ({ cleanError }) => cleanError, format: percent },
  {
    title: 'Exact error, validation: at most (LP), at least (PGD, dotted)',
    of: ({ certifiedError }) => certifiedError,
    least: ({ attackError }) => attackError,
    names: { most: 'LP', least: 'PGD' },
    format: percent,
  },
  {
    title: 'Error that the GPU estimates, which proves nothing, validation',
    of: ({ estimatedError }) => estimatedError,
    format: percent,
  },
  { title: 'Unstable neurons, validation', of: ({ unstable }) => unstable, format: percent },
  { title: 'ε at the end of the epoch', of: ({ epsilon }) => epsilon, format: formatEpsilon, common: true },
  { title: 'Robustra: mean t₀', of: ({ space }) => space?.t, format: formatNumber },
]

/** Short epochs are counted in seconds. */
function timeChart(learners: readonly Learner[]): Chart {
  const longest = Math.max(...learners.flatMap(({ epochs }) => epochs.map(({ seconds }) => seconds)))
  if (longest < 120) return { title: 'Seconds per epoch', of: ({ seconds }) => seconds, format: formatNumber }
  return { title: 'Minutes per epoch', of: ({ seconds }) => seconds / 60, format: formatNumber }
}

/** The section; nothing if no run has finished an epoch. */
export function trainingSection(subjects: readonly Subject[]): Html | undefined {
  const learners = subjects.flatMap(({ name, run }, subject) => learnersOf(name, subject, run?.log ?? []))
  if (learners.length === 0) return undefined
  const isSingle = new Set(learners.map(({ subject }) => subject)).size === 1
  const drawn = [...charts, timeChart(learners)].flatMap(({ title, of, least, names, format, common }) => {
    const shown = common ? learners.filter((learner, i) => learners[i - 1]?.subject !== learner.subject) : learners
    const curves = (value: Chart['of'], what = '', style = '') =>
      shown.map((learner): Series => {
        const { epochs, network } = learner
        return {
          name: `${common || !isPaired(learner, learners) ? '' : network} ${what}`.trim(),
          classes: `${classesOf(learner, learners)}${style}`,
          values: epochs.map((epoch) => ({ epoch: epoch.epoch, value: value(epoch) })),
        }
      })
    const series = [...curves(of, names?.most), ...(least ? curves(least, names?.least, ' dotted') : [])]
    return lineChart({ title, series, format }) ?? []
  })
  const spaces = learners.flatMap(({ run, network, epochs }) => {
    const title = `Constraints at t = 0: ${isSingle ? '' : `${run}, `}${network}`
    return areaChart({ title, parts, epochs: epochs.flatMap(sharesOf) }) ?? []
  })
  const key = learners
    .filter((learner) => !isSingle || isPaired(learner, learners))
    .map((learner) => {
      const { run, network } = learner
      const what = isSingle ? network : isPaired(learner, learners) ? `${run}, ${network}` : run
      return html`<li>
        <svg class="sample" viewBox="0 0 30 8" aria-hidden="true">
          <path class="curve ${classesOf(learner, learners)}" d="M2 4h26" /></svg
        >${what}
      </li>`
    })
  return html`<section id="training" aria-labelledby="training-title">
    <h2 id="training-title">Training</h2>
    ${
      key.length > 0 &&
      html`<ul class="legend">
        ${key}
      </ul>`
    }
    <div class="charts">${drawn}${spaces}</div>
    <p class="note">
      ${timesOf(learners)}Errors are those of validation images at the target ε, except for that in training: of the
      images that the network saw in the epoch, as it was then. The exact error is at least what four steps of PGD
      break, and at most what LP bounds do not prove; the table has it itself, for the networks that were
      certified.${spaces.length > 0 && html` A constraint of the reference space is loose if it excludes nothing that matters, infeasible if no perturbation meets it, and tight between the two.`}
    </p>
  </section>`
}

/** The networks that a run's log is about. If an epoch was repeated, its last row counts. */
function learnersOf(run: string, subject: number, log: readonly Epoch[]): Learner[] {
  return [...new Set(log.map(({ network }) => network))].map((network) => {
    const byEpoch = new Map(log.filter((row) => row.network === network).map((row) => [row.epoch, row]))
    return { run, subject, network, epochs: [...byEpoch.values()].toSorted((a, b) => a.epoch - b.epoch) }
  })
}

/** How long the runs took; nothing of those of older versions. */
function timesOf(learners: readonly Learner[]): string {
  const runs = [...new Set(learners.map(({ run }) => run))]
  const times = runs.flatMap((run) => {
    const elapsed = learners.flatMap((learner) => (learner.run === run ? (learner.epochs.at(-1)!.elapsed ?? []) : []))
    return elapsed.length > 0 ? [`${runs.length > 1 ? `${run} ` : ''}${formatDuration(Math.max(...elapsed))}`] : []
  })
  return times.length > 0 ? `Training took ${times.join(', ')}. ` : ''
}

const isPaired = ({ subject }: Learner, learners: readonly Learner[]) =>
  learners.filter((learner) => learner.subject === subject).length > 1

/** A single run has a colour per network; of several, each has one, and its second network a dashed line. */
function classesOf(learner: Learner, learners: readonly Learner[]): string {
  const own = learners.filter(({ subject }) => subject === learner.subject)
  const place = own.indexOf(learner)
  if (own.length === learners.length) return `s${place}`
  return `s${learner.subject}${place > 0 ? ' dashed' : ''}`
}

const parts = [
  { name: 'loose', fill: 'fill-loose' },
  { name: 'tight', fill: 'fill-tight' },
  { name: 'infeasible', fill: 'fill-infeasible' },
]

const sharesOf = ({ epoch, space }: Epoch) =>
  space ? [{ epoch, shares: [space.loose, space.tight, space.infeasible] }] : []
