/** Which images a report shows: the smallest proved margins, and images that are vulnerable, with counterexamples. */
import { type Subject as AttackSubject, attackImages } from '../attacks/attack-images.ts'
import { pgdOptions } from '../attacks/attack.ts'
import { examples } from '../attacks/inputs.ts'
import { recheckAt } from '../attacks/recheck.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { evaluate } from '../model/evaluate.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'
import { isProof } from '../ladder/drafts.ts'
import type { CertifyRow } from '../ladder/rows.ts'
import type { StepName } from '../ladder/steps/index.ts'
import type { Certificates } from './subject.ts'

export interface Exhibit {
  readonly index: number
  readonly label: number
  /** Pixels of [0, 1], [channel][y][x]. */
  readonly image: Float32Array
  /** Proved for the whole domain, by `method`; or at the counterexample that it found. */
  readonly margin: number
  readonly method: StepName
  /** Of a vulnerable image: in the domain, run again in float64. */
  readonly counterexample?: { readonly image: ArrayLike<number>; readonly prediction: number }
}

export interface Gallery {
  readonly proved: readonly Exhibit[]
  readonly vulnerable: readonly Exhibit[]
}

/**
 * Proved images come by their margins, the smallest first; vulnerable ones by their clean margins, the largest first. A
 * vulnerable image is shown if its row holds a counterexample, or if the same PGD finds one again.
 * @param network what the certificates are of; without it, counterexamples cannot be confirmed, and none is shown
 * @param most of each kind
 */
export async function chooseExhibits(
  { rows, header }: Pick<Certificates, 'rows' | 'header'>,
  dataset: Dataset,
  network: Network | undefined,
  most: number,
): Promise<Gallery> {
  const imageOf = (index: number) => examples(dataset, [index]).images[0]
  const inside = rows.filter(({ index, label }) => index < dataset.count && dataset.labels[index] === label)
  const proved = inside
    .flatMap(({ index, label, result }) => (result.verdict === 'robust' ? [{ index, label, ...result }] : []))
    .toSorted((a, b) => a.margin - b.margin)
    .slice(0, most)
    .map(({ index, label, margin, method }) => ({ index, label, margin, method, image: imageOf(index) }))
  const vulnerable: Exhibit[] = []
  const find = network && (await finder(network, dataset, header))
  for (const row of surest(inside)) {
    if (!find || vulnerable.length === most) break
    const exhibit = find(row)
    if (exhibit) vulnerable.push(exhibit)
  }
  return { proved, vulnerable }
}

/** Vulnerable images that are classified correctly. Those that a search found come first, because they are rare. */
function surest(rows: readonly CertifyRow[]): CertifyRow[] {
  const found = rows.filter(({ result }) => result.verdict === 'vulnerable' && result.method !== 'clean')
  const bySureness = found.toSorted((a, b) => (b.clean.margin ?? 0) - (a.clean.margin ?? 0))
  const isSearched = ({ result }: CertifyRow) => result.verdict === 'vulnerable' && isProof(result.method)
  // half of the places are for what PGD found
  const searched = bySureness.filter(isSearched)
  return [...searched.slice(0, 3), ...bySureness.filter((row) => !isSearched(row)), ...searched.slice(3)]
}

async function finder(network: Network, dataset: Dataset, header: Certificates['header']) {
  const { attack } = header
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  const subject: AttackSubject = { network, loaded, dataset }
  const options = attack && pgdOptions(attack, header.domain, attack.seed)
  return ({ index, label, result }: CertifyRow): Exhibit | undefined => {
    if (result.verdict !== 'vulnerable') return undefined
    const image = examples(dataset, [index]).images[0]
    const { method, point } = result
    const found =
      point === undefined
        ? options && attackImages(subject, [index], options, header)[0].adversarial
        : point.length === image.length
          ? recheckAt((pixels) => evaluate(network, Float64Array.from(pixels)), {
              ...{ image, label, ball: header, point },
            })
          : undefined
    if (!found) return undefined
    const { margin, prediction } = found
    return { index, label, image, margin, method, counterexample: { image: found.image, prediction } }
  }
}
