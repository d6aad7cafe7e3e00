/** Time and memory of training steps on real or synthetic images. */
import { type Dataset, takeRange } from '../src/data/dataset.ts'
import { threads } from '../src/node/threads.ts'
import type { Network } from '../src/model/network.ts'
import type { Method } from '../src/training/losses/list.ts'
import { trainingOptions } from '../src/training/options.ts'
import { startLearners } from '../src/training/learner.ts'
import { Trainer } from '../src/training/trainer.ts'

export interface StepTime {
  readonly method: Method
  readonly workers: number
  readonly millisecondsPerImage: number
}

/**
 * Mean time of a training step at a fixed ε, batch 50, over `images` images after one batch to warm up. Starts from
 * given weights (both of a pair), or from a random start.
 */
export async function timeSteps(
  method: Method,
  dataset: Dataset,
  epsilon: number,
  images: number,
  workers: number,
  start?: Network,
): Promise<StepTime> {
  const options = trainingOptions(
    { method, epsilon, epochs: 1, rampEpochs: 0, halveEvery: 0, validationCount: 0 },
    'paper-mnist-0.1',
  )
  const architecture =
    start?.architecture ?? (await import('../src/model/architectures.ts')).architectureNamed('mnist-small')
  const learners = startLearners(options, architecture)
  if (start) for (const { state } of learners) state.parameters.set(start.parameters)
  const training = takeRange(dataset, 0, images + options.batchSize)
  const trainer = new Trainer(options, { architecture, training, validation: takeRange(dataset, 0, 0) }, learners, {
    executor: threads(workers),
  })
  let began = 0
  let milliseconds = 0
  try {
    // the first learner's epoch is enough: g's steps are like f's
    for await (const _ of trainer.epoch(0, ({ done }) => {
      if (done === options.batchSize) began = performance.now()
      else milliseconds = performance.now() - began
    })) {
      break
    }
  } finally {
    await trainer.close()
  }
  return { method, workers, millisecondsPerImage: milliseconds / images }
}
