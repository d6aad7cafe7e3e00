/**
 * node bench/checkpoints.ts --architecture NAME --data DIR --out DIR [--epochs 6 --images 2000 --epsilon 0.1 --workers 1]
 *
 * Trains by intervals in the first half of the epochs and then by 'lp-dual', and keeps the network before and after every
 * epoch, for cost.ts: OUT/epoch-0.safetensors and so on.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { takeRange } from '../src/data/dataset.ts'
import { loadDataset } from '../src/node/data/load-dataset.ts'
import { threads } from '../src/node/threads.ts'
import { saveNetwork } from '../src/node/network-file.ts'
import { architectureNamed } from '../src/model/architectures.ts'
import { trainingOptions } from '../src/training/options.ts'
import { networkOf, startLearners } from '../src/training/learner.ts'
import { Trainer } from '../src/training/trainer.ts'

const { values } = parseArgs({
  options: {
    architecture: { type: 'string', default: 'mnist-small' },
    data: { type: 'string' },
    out: { type: 'string' },
    epochs: { type: 'string', default: '6' },
    images: { type: 'string', default: '2000' },
    epsilon: { type: 'string', default: '0.1' },
    workers: { type: 'string', default: '1' },
  },
})
const architecture = architectureNamed(values.architecture)
const epochs = Number(values.epochs)
// small batches: more steps of the same images
const options = trainingOptions(
  {
    ...{ method: 'lp-dual', architecture: architecture.name, dataset: 'mnist', epsilon: Number(values.epsilon) },
    ...{ epochs, batchSize: 20, rampEpochs: 0, halveEvery: 0, bounds: 'auto' },
    ...{ initialisation: 'ibp', warmUp: 'interval', warmUpEpochs: Math.floor(epochs / 2) },
  },
  'paper-mnist-0.1',
)
const out = values.out!
mkdirSync(out, { recursive: true })
const dataset = await loadDataset('mnist', 'train', values.data ? { dataDirectory: values.data } : {})
const learners = startLearners(options, architecture)
const save = (epoch: number) =>
  saveNetwork(join(out, `epoch-${epoch}.safetensors`), networkOf(architecture, learners[0]))
const trainer = new Trainer(
  options,
  { architecture, training: takeRange(dataset, 0, Number(values.images)), validation: takeRange(dataset, 0, 0) },
  learners,
  { executor: threads(Number(values.workers)) },
)
save(0)
try {
  for (let epoch = 0; epoch < epochs; epoch++) {
    const { loss, epsilon, seconds } = await trainer.trainLearner(0, epoch)
    save(epoch + 1)
    console.log(
      `epoch ${epoch + 1}: loss ${loss.toFixed(3)} up to ε ${epsilon.toPrecision(3)}, ${seconds.toFixed(0)} s`,
    )
  }
} finally {
  await trainer.close()
}
