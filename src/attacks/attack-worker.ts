/** A worker of `attack`: task i is a run of images, see inputs.ts. */
import { join } from 'node:path'
import type { Ball } from '../region/ball.ts'
import type { Dataset } from '../data/dataset.ts'
import { Engine } from '../device/wasm/engine.ts'
import { serve } from '../node/threads.ts'
import { writePng } from '../node/png-file.ts'
import { LoadedNetwork } from '../device/loaded-network.ts'
import type { Network } from '../model/network.ts'
import { type Attacked, type Subject, attackImages, classify } from './attack-images.ts'
import type { AttackRow } from './attack.ts'
import type { AttackOptions } from './gradient-attack.ts'
import { type RangeOptions, examples, inPasses, indicesOfTask } from './inputs.ts'
import { comparison } from './picture.ts'

export interface AttackData {
  readonly network: Network
  readonly dataset: Dataset
}

export interface AttackJob extends Pick<RangeOptions, 'first' | 'last'> {
  readonly ball: Ball
  readonly attack: AttackOptions
  readonly save: string | undefined
}

serve<AttackData>(async ({ network, dataset }) => {
  const loaded = new LoadedNetwork(await Engine.create(), network.architecture, false)
  loaded.setParameters(network.parameters)
  const subject: Subject = { network, loaded, dataset }

  return (_kind, job: AttackJob, task): AttackRow[] => {
    const indices = indicesOfTask(task, job)
    const clean = inPasses(indices, (pass) => classify(subject, pass)).map(({ value }) => value)
    const correct = indices.filter((_, i) => clean[i].margin > 0)
    const attacked = inPasses(correct, (pass) => attackImages(subject, pass, job.attack, job.ball)).map(
      ({ value }) => value,
    )
    return indices.map((index, i) => {
      const found = attacked[correct.indexOf(index)]
      const row = rowOf(index, dataset.labels[index], clean[i], found)
      const file = job.save !== undefined && row.adversarial ? save(job.save, job.ball, dataset, row) : undefined
      return { ...row, ...(file !== undefined && { file }) }
    })
  }
})

function rowOf(
  index: number,
  label: number,
  clean: { prediction: number; margin: number },
  found?: Attacked,
): AttackRow {
  const row = { index, label, prediction: clean.prediction }
  if (!found) return { ...row, verdict: 'misclassified', margin: clean.margin }
  const { margin, adversarial } = found
  return adversarial ? { ...row, verdict: 'vulnerable', margin, adversarial } : { ...row, verdict: 'withstood', margin }
}

/** Writes the picture of an adversarial example. @returns its path */
function save(
  folder: string,
  { epsilon, norm }: Ball,
  dataset: Dataset,
  { index, label, adversarial }: AttackRow,
): string {
  const [original] = examples(dataset, [index]).images
  const after = adversarial!.image
  // a pixel of an ℓ2 or ℓ1 ball hardly ever moves by ε
  const change = norm === 'linf' ? epsilon : after.reduce((most, x, j) => Math.max(most, Math.abs(x - original![j])), 0)
  const { shape, values } = comparison(dataset.shape, original!, after, change)
  const path = join(folder, `${dataset.name}-${index}-label-${label}-taken-for-${adversarial!.prediction}.png`)
  writePng(path, shape, values, 4)
  return path
}
