/** Errors class by class, and which classes are taken for which. */
import type { CertifyRow } from './rows.ts'

/** Images of one class, by what came of them. */
export interface ClassCounts {
  readonly name: string
  readonly images: number
  /** Misclassified as they are. */
  readonly wrong: number
  /** The misclassified ones are among them. */
  readonly vulnerable: number
  readonly undecided: number
  readonly robust: number
}

/** counts[label][class that the network says]. */
export type Confusion = readonly (readonly number[])[]

export interface ClassSummary {
  /** By label. */
  readonly classes: readonly ClassCounts[]
  readonly confusion: {
    readonly clean: Confusion
    /**
     * Of a counterexample where there is one, of the image itself where it is robust: a row adds up to the images that are
     * decided.
     */
    readonly worst: Confusion
  }
}

/** @param names of the classes; without them the classes that occur have numbers */
export function summariseClasses(rows: readonly CertifyRow[], names: readonly string[] = []): ClassSummary {
  const said = rows.map(({ result }) => ('prediction' in result ? result.prediction : 0))
  const most = rows.reduce((high, { label, prediction }, i) => Math.max(high, label, prediction, said[i]!), -1)
  const count = Math.max(names.length, most + 1)
  const labels = Array.from({ length: count }, (_, label) => label)
  const empty = () => labels.map(() => labels.map(() => 0))
  const [clean, worst] = [empty(), empty()]
  rows.forEach(({ label, prediction, result }, i) => {
    clean[label]![prediction]!++
    if (result.verdict === 'undecided') return
    worst[label]![result.verdict === 'robust' ? label : said[i]!]!++
  })
  const having = (label: number, verdict: CertifyRow['result']['verdict']) =>
    rows.filter((row) => row.label === label && row.result.verdict === verdict).length
  const classes = labels.map((label) => {
    const images = clean[label]!.reduce((a, b) => a + b, 0)
    return {
      name: names[label] ?? String(label),
      images,
      wrong: images - clean[label]![label]!,
      vulnerable: having(label, 'vulnerable'),
      undecided: having(label, 'undecided'),
      robust: having(label, 'robust'),
    }
  })
  return { classes, confusion: { clean, worst } }
}
