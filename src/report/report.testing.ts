/** A small run in a folder, with certificates of its network, and the images that they are of. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { smallCase } from '../attacks/random-dataset.testing.ts'
import { saveNetwork } from '../node/network-file.ts'
import { certifyToFile } from '../node/certificates/certify-to-file.ts'
import { targetOf } from '../node/certificates/target-file.ts'
import type { StepName } from '../ladder/steps/index.ts'
import type { TestImages } from '../node/report/test-images.ts'

export const { network, dataset } = smallCase()

/** The images of the small case, and of no other data set. */
export const smallImages: TestImages = async (name) =>
  name === dataset.name ? dataset : { missing: `The test images of ${name} are not here.` }

/** A row of a log. */
export const logRow = (epoch: number, learner: string, changes: object = {}) => ({
  ...{
    epoch,
    network: learner,
    method: 'robustra',
    loss: 2 / epoch,
    trainingError: 0.15,
    cleanError: 0.1,
    attackError: 0.2,
    certifiedError: 0.6 - epoch / 10,
  },
  ...{ epsilon: 0.025 * epoch, learningRate: 0.001, unstable: 0.2, seconds: 3, elapsed: 65 * epoch },
  ...{ space: { t: 2 - epoch, loose: 0.5, tight: 0.2, infeasible: 0.3 } },
  ...changes,
})

const settings = {
  ...{
    dataset: dataset.name,
    architecture: 'small',
    method: 'robustra',
    epsilon: 0.05,
    norm: 'linf',
    epochs: 2,
    seed: 7,
  },
  ...{ validationCount: 20, batchSize: 25 },
}

/** Writes a run of two epochs of a pair, whose best network is the small case's. @returns its folder */
export function writeRun(folder: string, name: string, changes: object = {}): string {
  const path = join(folder, name)
  mkdirSync(path)
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...settings, ...changes }))
  const log = [1, 2].flatMap((epoch) => ['f', 'g'].map((learner) => logRow(epoch, learner)))
  writeFileSync(join(path, 'log.jsonl'), log.map((row) => `${JSON.stringify(row)}\n`).join(''))
  for (const file of ['best', 'f']) {
    saveNetwork(join(path, `${file}.safetensors`), network, { network: 'f', epoch: '2' })
  }
  return path
}

/** Certifies the small case's network on all images. @returns the file */
export async function writeCertificates(
  path: string,
  steps: readonly StepName[] = ['clean', 'pgd', 'interval', 'lp', 'crown', 'alpha', 'complete'],
): Promise<string> {
  await certifyToFile(targetOf(network), dataset, {
    ...{ epsilon: 0.05, steps, first: 0, last: dataset.count, workers: 1, domain: 'pixels', seed: 0 },
    ...{ resume: false, out: path, pgd: { steps: 8 }, ...(steps.includes('complete') && { timeout: 20 }) },
  })
  return path
}
