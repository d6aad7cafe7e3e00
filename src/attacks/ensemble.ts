/**
 * An ensemble of attacks that differ, in the manner of AutoAttack: each is tried on what those before it have left.
 *
 *   APGD on the cross-entropy, APGD on the targeted DLR loss, FAB, Square
 *
 * The first three follow gradients, the last knows logits alone. With AutoAttack's numbers of steps it is the usual
 * measure of what attacks can do. Sound: yes, float64 confirms each find. Complete: no.
 * Source: Croce & Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
 * attacks".
 */
import { requireWhole } from '../base/errors.ts'
import type { Dataset } from '../data/dataset.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import type { Ball } from '../region/ball.ts'
import type { Norm } from '../region/norm.ts'
import { apgdCrossEntropy, apgdTargeted } from './apgd.ts'
import type { Subject } from './attack-images.ts'
import type { Attack, Victim } from './dialogue.ts'
import { fab } from './fab.ts'
import { type Timed, examples } from './inputs.ts'
import { type Lead, type Outcome, leadAttacks } from './lead-attacks.ts'
import { type Oracle, deviceOracle, graphOracle } from './oracle.ts'
import {
  type AdversarialExample,
  type Candidate,
  type Judgement,
  judge,
  projectIntoBall,
  recheckAt,
  runCandidate,
} from './recheck.ts'
import { square } from './square.ts'

export const ensembleAttacks = ['apgd-ce', 'apgd-t', 'fab', 'square'] as const
export type EnsembleAttack = (typeof ensembleAttacks)[number]

/** Of an ensemble; left out: AutoAttack's. */
export interface EnsembleSettings {
  /** Steps of each ascent and descent: 100. */
  readonly steps?: number | undefined
  /** Points that Square tries: 5000. */
  readonly queries?: number | undefined
}

/** What an ensemble does, the defaults filled in. */
export interface EnsembleOptions {
  readonly attacks: readonly EnsembleAttack[]
  readonly steps: number
  readonly queries: number
  readonly seed: number
}

/** All that know the norm: Square knows no ℓ1. */
export const attacksFor = (norm: Norm): readonly EnsembleAttack[] =>
  ensembleAttacks.filter((name) => name !== 'square' || norm !== 'l1')

/** @throws UserError for numbers that make no sense */
export function ensembleOptions(
  attacks: readonly EnsembleAttack[],
  { steps = 100, queries = 5000 }: EnsembleSettings,
  seed: number,
): EnsembleOptions {
  requireWhole('the number of steps', steps, 1, 100_000)
  requireWhole('the number of queries', queries, 1, 10_000_000)
  return { attacks, steps, queries, seed }
}

const starts: Readonly<Record<EnsembleAttack, (victim: Victim, options: EnsembleOptions) => Attack>> = {
  'apgd-ce': (victim, { steps }) => apgdCrossEntropy(victim, steps),
  'apgd-t': (victim, { steps }) => apgdTargeted(victim, steps),
  fab: (victim, { steps }) => fab(victim, steps),
  square: (victim, { queries }) => square(victim, queries),
}

type Outcomes<Tried extends Judgement> = Timed<Outcome<EnsembleAttack, Tried>>[]

/** @param indices of any number of images; they also name the random streams */
export const attackByEnsemble = (
  { network, loaded, dataset }: Subject,
  indices: readonly number[],
  options: EnsembleOptions,
  ball: Ball,
): Outcomes<AdversarialExample> =>
  lead({ dataset, indices, options, ball }, deviceOracle(loaded), {
    tryIn64: (candidate) => runCandidate(network, candidate),
    tries: 'each that fools',
  })

/** Attacks one network, and tries the worst point of each attack on another. */
export const transferByEnsemble = (
  from: LoadedNetwork,
  { network, dataset }: Pick<Subject, 'network' | 'dataset'>,
  indices: readonly number[],
  { attack: options, ball }: { readonly attack: EnsembleOptions; readonly ball: Ball },
): Outcomes<AdversarialExample> =>
  lead({ dataset, indices, options, ball }, deviceOracle(from), {
    tryIn64: (candidate) => runCandidate(network, candidate),
    tries: 'the worst of each attack',
  })

/** The same on any graph over pixels, in float64 throughout. */
export function attackGraphByEnsemble(
  { graph, dataset }: { readonly graph: Graph; readonly dataset: Dataset },
  indices: readonly number[],
  options: EnsembleOptions,
  ball: Ball,
): Outcomes<NonNullable<ReturnType<typeof recheckAt>>> {
  const evaluate = (pixels: ArrayLike<number>) => evaluateGraph(graph, pixels).at(-1)!
  const tryIn64 = (candidate: Candidate) => {
    const found = recheckAt(evaluate, candidate)
    if (found) return found
    const image = projectIntoBall(candidate)
    return { image, ...judge(evaluate(image), candidate.label) }
  }
  return lead({ dataset, indices, options, ball }, graphOracle(graph), { tryIn64, tries: 'each that fools' })
}

interface Given {
  readonly dataset: Dataset
  readonly indices: readonly number[]
  readonly options: EnsembleOptions
  readonly ball: Ball
}

function lead<Tried extends Judgement>(
  { dataset, indices, options, ball }: Given,
  oracle: Oracle,
  how: Pick<Lead<EnsembleAttack, Tried>, 'tryIn64' | 'tries'>,
): Outcomes<Tried> {
  const { shape, classes } = dataset
  const { images, labels } = examples(dataset, indices)
  const targets = indices.map((identifier, i) => ({ image: images[i]!, label: labels[i]!, identifier }))
  const attacks = options.attacks.map((name) => ({ name, start: (victim: Victim) => starts[name](victim, options) }))
  const { seed } = options
  return leadAttacks({ oracle, attacks, ball, shape, classes, seed, ...how }, targets)
}
