/**
 * One measurement of networks.ts, in a process of its own: steps of training on one batch, whose weights stay as they
 * are (the learning rate is next to nothing). Takes a StepCase as JSON, prints StepCost.
 */
import { takeRange } from '../src/data/dataset.ts'
import { loadDataset } from '../src/node/data/load-dataset.ts'
import { loadNetwork } from '../src/node/network-file.ts'
import { architectureNamed } from '../src/model/architectures.ts'
import type { BoundSettings } from '../src/training/losses/loss.ts'
import type { Method } from '../src/training/losses/list.ts'
import { trainingOptions } from '../src/training/options.ts'
import { presets } from '../src/training/presets.ts'
import { threads } from '../src/node/threads.ts'
import { readStarts } from '../src/node/training/start-files.ts'
import { startFrom } from '../src/training/start.ts'
import { startLearners } from '../src/training/learner.ts'
import { Trainer } from '../src/training/trainer.ts'

export interface StepCase {
  readonly architecture: string
  readonly method: Method
  readonly bounds: BoundSettings['mode']
  /** In pixels of [0, 1]. */
  readonly epsilon: number
  /** The folder of a run, or a network for both of a pair; '' for a random start. */
  readonly start: string
  readonly batch: number
  readonly workers: number
  /** The folder of the data set; undefined for the one where `robustra data` puts it. */
  readonly data: string | undefined
}

export interface StepCost {
  /** Mean over the steps after the first; of the first, which starts the workers, if that took long. */
  readonly millisecondsPerImage: number
  readonly steps: number
  /** Dual rows of f's hidden neurons, and neurons of f that were bounded by projections, per image. */
  readonly rows: number
  readonly projected: number
}

/** The paper's protocol for a data set. */
export const presetOf = (dataset: string) => (dataset === 'mnist' ? 'paper-mnist-0.1' : 'paper-cifar10-2')

export const datasetOf = (architecture: string) => architecture.split('-')[0]

/** Seconds that steps are measured for, after the first. */
const measured = 4

async function measure({ data, ...given }: StepCase): Promise<StepCost> {
  const architecture = architectureNamed(given.architecture)
  const dataset = datasetOf(given.architecture)
  const options = trainingOptions(
    {
      ...{ architecture: architecture.name, method: given.method, bounds: given.bounds },
      ...{ epsilon: given.epsilon, epsilonStart: given.epsilon, rampEpochs: 0, epochs: 1, halveEvery: 0 },
      ...{ batchSize: given.batch, learningRate: 1e-12 },
    },
    presetOf(dataset),
  )
  const learners = startLearners(options, architecture)
  if (given.start.endsWith('.safetensors')) {
    const { parameters } = loadNetwork(given.start).network
    for (const { state } of learners) state.parameters.set(parameters)
  } else if (given.start !== '') {
    const names = learners.map(({ name }) => name)
    startFrom(learners, readStarts(given.start, names, architecture), architecture)
  }
  // all of it, since it takes its share of a run's memory
  const all = await loadDataset(dataset, 'train', data === undefined ? {} : { dataDirectory: data })
  const [training, validation] = [takeRange(all, 0, given.batch), takeRange(all, 0, 0)]
  const trainer = new Trainer(options, { architecture, training, validation }, learners, {
    executor: threads(given.workers),
  })
  const timed = async () => {
    const began = performance.now()
    const { work } = await trainer.trainLearner(0, 0)
    return { seconds: (performance.now() - began) / 1000, work }
  }
  try {
    const first = await timed()
    let [seconds, steps] = first.seconds > 5 * measured ? [first.seconds, 1] : [0, 0]
    while (seconds < measured) {
      seconds += (await timed()).seconds
      steps++
    }
    const millisecondsPerImage = (1000 * seconds) / (steps * given.batch)
    return { millisecondsPerImage, steps, rows: first.work?.rows ?? 0, projected: first.work?.projected ?? 0 }
  } finally {
    await trainer.close()
  }
}

export const startingEpsilon = (dataset: string) => presets[presetOf(dataset)].epsilonStart!

if (import.meta.main) console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]))))
