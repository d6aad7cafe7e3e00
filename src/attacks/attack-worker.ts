/** A worker of `attack`: part i is a run of images, see inputs.ts. */
import type { Ball } from '../region/ball.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'
import { type Subject, attackImages, classify, transferImages } from './attack-images.ts'
import type { AttackRow } from './attack-row.ts'
import { type EnsembleOptions, attackByEnsemble, transferByEnsemble } from './ensemble.ts'
import type { AttackOptions } from './gradient-attack.ts'
import { type RangeOptions, inPasses, indicesOfPart } from './inputs.ts'

export interface AttackData {
  readonly network: Network
  /** The network that is attacked in its place, if there is one. */
  readonly from?: Network | undefined
  readonly dataset: Dataset
}

export interface AttackJob extends Pick<RangeOptions, 'first' | 'last'> {
  readonly ball: Ball
  readonly attack: AttackOptions | EnsembleOptions
  /** How many images a part has. */
  readonly perPart: number
}

export async function prepare({ network, from, dataset }: AttackData) {
  const engine = await Engine.create()
  const subject: Subject = { network, loaded: load(engine, network), dataset }
  const attackAll = attackOn(subject, from && load(engine, from))

  return (job: AttackJob, part: number): AttackRow[] => {
    const indices = indicesOfPart(part, job, job.perPart)
    const clean = inPasses(indices, (pass) => classify(subject, pass)).map(({ value }) => value)
    const correct = indices.filter((_, i) => clean[i].margin > 0)
    const attacked = attackAll(correct, job)
    return indices.map((index, i) => rowOf(index, dataset.labels[index], clean[i], attacked[correct.indexOf(index)]))
  }
}

function load(engine: Engine, { architecture, parameters }: Network): LoadedNetwork<Engine> {
  const loaded = new LoadedNetwork(engine, architecture, false)
  loaded.setParameters(parameters)
  return loaded
}

/** What attacks some images: the subject itself, or another network, whose points are then tried on the subject. */
const attackOn =
  (subject: Subject, from: LoadedNetwork<Engine> | undefined) =>
  (indices: readonly number[], { attack, ball }: AttackJob): Found[] => {
    if ('attacks' in attack) {
      const outcomes = from
        ? transferByEnsemble(from, subject, indices, { attack, ball })
        : attackByEnsemble(subject, indices, attack, ball)
      return outcomes.map(({ value: { tried, by } }) => ({
        margin: tried.margin,
        ...(by && { adversarial: tried, by }),
      }))
    }
    const attacked = inPasses(indices, (pass) =>
      from ? transferImages(from, subject, pass, { attack, ball }) : attackImages(subject, pass, attack, ball),
    )
    return attacked.map(({ value: { margin, adversarial } }) => ({ margin, ...(adversarial && { adversarial }) }))
  }

type Found = Pick<AttackRow, 'margin' | 'adversarial' | 'by'>

function rowOf(index: number, label: number, clean: { prediction: number; margin: number }, found?: Found): AttackRow {
  const row = { index, label, prediction: clean.prediction }
  if (!found) return { ...row, verdict: 'misclassified', margin: clean.margin }
  return { ...row, verdict: found.adversarial ? 'vulnerable' : 'withstood', ...found }
}
