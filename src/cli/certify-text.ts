/** What `certify` prints of a run: a table of the steps; for several radii a table of the radii. */
import { describeDomain } from '../region/domain.ts'
import { describeNorm } from '../region/norm.ts'
import type { Split } from '../data/dataset.ts'
import { steps } from '../ladder/steps/index.ts'
import type { CertifySummary } from '../ladder/run-summary.ts'
import type { Normalisation } from '../model/normalise.ts'
import { describeRadii } from './epsilon-file.ts'
import { formatShare, formatTable } from './text.ts'

/** What a summary does not say. */
interface Texts {
  readonly split: Split
  readonly normalisation: Normalisation | undefined
  /** Where its rows are, if they are kept. */
  readonly outOf: (epsilon: number) => string | undefined
}

export function printSummary(summary: CertifySummary, texts: Texts): void {
  const { epsilon, robustError, vulnerable, undecided, robust } = summary
  const rows = steps.flatMap(({ name, meaning }) => {
    const count = summary[name]
    if (!count) return []
    const { error, errors, tried, settled, secondsPerImage, seconds } = count
    const perImage =
      secondsPerImage < 1 ? `${(1000 * secondsPerImage).toFixed(2)} ms` : `${secondsPerImage.toFixed(2)} s`
    const times = [perImage, `${seconds.toFixed(1)} s`]
    return [[name, meaning, formatShare(error), `${errors}`, `${tried}`, `${settled}`, ...times]]
  })
  const head = ['step', 'meaning', 'error', 'images', 'tried', 'settled', 'per image', 'in all']
  printHead(summary, summary.epsilons ? describeRadii(summary) : `ε ${epsilon} in pixel units`, texts)
  console.log(formatTable([head, ...rows], 2))
  printClasses(summary)
  console.log(`\n${robust} images robust, ${vulnerable} vulnerable, ${undecided} undecided${reasonsOf(summary)}`)
  const { least, most } = robustError
  console.log(`robust error ${formatShare(least)}${undecided > 0 ? ` to ${formatShare(most)}` : ', exactly'}`)
  console.log(`${summary.imagesDone} images in ${summary.seconds.toFixed(1)} s`)
  const out = texts.outOf(epsilon)
  if (out !== undefined) console.log(`rows: ${out}`)
}

/** @param summaries of one network and the same images, the largest ε first */
export function printRadii(summaries: readonly CertifySummary[], texts: Texts): void {
  const { clean, images } = summaries[0]!
  const rows = summaries.map(({ epsilon, robustError, provedAtLarger, seconds, ...summary }) => {
    const { least, most } = robustError
    return [
      String(Number(epsilon.toPrecision(6))),
      least === most ? formatShare(most) : `${(100 * least).toFixed(2)} to ${formatShare(most)}`,
      ...[summary.robust, summary.vulnerable, summary.undecided, provedAtLarger].map(String),
      `${seconds.toFixed(1)} s`,
      texts.outOf(epsilon) ?? 'not kept',
    ]
  })
  const head = ['ε', 'robust error', 'robust', 'vulnerable', 'undecided', 'by larger ε', 'time', 'rows']
  printHead(summaries[0]!, 'ε in pixel units', texts)
  console.log(formatTable([head, ...rows]))
  console.log("\nby larger ε: robust images that a larger ε's proof settled")
  console.log(`clean error ${formatShare(clean.error)} of ${images} images`)
}

function printHead(
  { network, images, dataset, domain, norm }: CertifySummary,
  radius: string,
  { split, normalisation }: Texts,
): void {
  console.log(`${network.name} on ${images} ${split} images of ${dataset.name}`)
  if (normalisation) {
    const { mean, deviation } = normalisation
    console.log(`pixels p enter the network as (p − mean) / std: mean ${mean.join(', ')}, std ${deviation.join(', ')}`)
  }
  console.log(`${radius}, domain ${describeDomain(domain)}, norm ${describeNorm(norm)}\n`)
}

/** More classes fill the screen: the report and --json have them. */
const MOST_CLASSES = 20

function printClasses({ classes }: CertifySummary): void {
  const there = classes.filter(({ images }) => images > 0)
  if (there.length < 2 || there.length > MOST_CLASSES) return
  const rows = there.map(({ name, images, wrong, vulnerable, undecided, robust }) =>
    [name, images, wrong, vulnerable, undecided, robust].map(String),
  )
  console.log(`\n${formatTable([['class', 'images', 'misclassified', 'vulnerable', 'undecided', 'robust'], ...rows])}`)
}

const whys: Readonly<Record<string, string>> = {
  timeout: 'out of time',
  memory: 'out of memory',
  precision: 'too close to call in floating point',
  incomplete: 'left open by all steps asked for',
  error: 'failed: see the rows',
}

const reasonsOf = ({ reasons }: CertifySummary): string => {
  const parts = Object.entries(reasons).map(([reason, count]) => `${count} ${whys[reason] ?? reason}`)
  return parts.length > 0 ? ` (${parts.join(', ')})` : ''
}
