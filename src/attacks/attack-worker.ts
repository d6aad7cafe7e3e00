/** A worker of `attack`: part i is a run of images, see inputs.ts. */
import type { Ball } from '../region/ball.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'
import { type Subject, attackImages, classify } from './attack-images.ts'
import type { AttackRow } from './attack-row.ts'
import { type EnsembleOptions, attackByEnsemble } from './ensemble.ts'
import type { AttackOptions } from './gradient-attack.ts'
import { type RangeOptions, inPasses, indicesOfPart } from './inputs.ts'

export interface AttackData {
  readonly network: Network
  readonly dataset: Dataset
}

export interface AttackJob extends Pick<RangeOptions, 'first' | 'last'> {
  readonly ball: Ball
  readonly attack: AttackOptions | EnsembleOptions
}

export async function prepare({ network, dataset }: AttackData) {
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  const subject: Subject = { network, loaded, dataset }

  return (job: AttackJob, part: number): AttackRow[] => {
    const indices = indicesOfPart(part, job)
    const clean = inPasses(indices, (pass) => classify(subject, pass)).map(({ value }) => value)
    const correct = indices.filter((_, i) => clean[i].margin > 0)
    const attacked = attackAll(subject, correct, job)
    return indices.map((index, i) => rowOf(index, dataset.labels[index], clean[i], attacked[correct.indexOf(index)]))
  }
}

function attackAll(subject: Subject, indices: readonly number[], { attack, ball }: AttackJob): Found[] {
  if (!('attacks' in attack)) {
    const attacked = inPasses(indices, (pass) => attackImages(subject, pass, attack, ball))
    return attacked.map(({ value: { margin, adversarial } }) => ({ margin, ...(adversarial && { adversarial }) }))
  }
  return attackByEnsemble(subject, indices, attack, ball).map(({ value: { tried, by } }) => ({
    margin: tried.margin,
    ...(by && { adversarial: tried, by }),
  }))
}

type Found = Pick<AttackRow, 'margin' | 'adversarial' | 'by'>

function rowOf(index: number, label: number, clean: { prediction: number; margin: number }, found?: Found): AttackRow {
  const row = { index, label, prediction: clean.prediction }
  if (!found) return { ...row, verdict: 'misclassified', margin: clean.margin }
  return { ...row, verdict: found.adversarial ? 'vulnerable' : 'withstood', ...found }
}
