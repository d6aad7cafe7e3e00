/** What changes on a GPU from step to step, by the settings and the schedules, as ../step.ts has it for the CPU. */
import { Random } from '../../base/random.ts'
import type { Step } from '../../device/webgpu/step.ts'
import type { Learner } from '../learner.ts'
import type { TrainingOptions } from '../settings.ts'
import { type Moment, gradientJob, updateJob } from '../step.ts'

/** Adam's, as ../optimiser.ts has them. */
const [BETA1, BETA2] = [0.9, 0.999]

/** A step, but for where its micro-batches begin and end and where its statistics go. @param examples in the batch */
export function stepAt(
  options: TrainingOptions,
  learners: readonly Learner[],
  moment: Moment,
  examples: number,
): Omit<Step, 'first' | 'count' | 'micro' | 'record'> {
  const taken = learners[moment.index].steps + 1
  const { ball, loss, change } = gradientJob(options, learners, moment)
  return {
    taken,
    augmentSeed: change.seed,
    attackSeed: loss.attack.seed,
    projectionSeed: loss.bounds.seed,
    referenceSeed: new Random(loss.bounds.seed, 'reference').bits(),
    weight: 1 / examples,
    epsilon: ball.epsilon,
    learningRate: updateJob(options, moment, taken, 0).update.learningRate,
    lossExponent: loss.lossExponent,
    empiricalShare: loss.empirical.share,
    regularisation: loss.regularisation,
    firstCorrection: 1 - BETA1 ** taken,
    secondCorrection: 1 - BETA2 ** taken,
  }
}

/** Where the micro-batches of a batch begin and how many examples each has. */
export const microBatches = (examples: number, size: number): readonly { first: number; count: number }[] =>
  Array.from({ length: Math.ceil(examples / size) }, (_, i) => ({
    first: i * size,
    count: Math.min(size, examples - i * size),
  }))
