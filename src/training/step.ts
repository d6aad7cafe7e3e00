/** What one step of training asks of its workers, by the settings and the schedules. */
import { type AttackOptions, pgd } from '../attacks/gradient-attack.ts'
import { Random } from '../base/random.ts'
import { scaledBall } from '../region/ball.ts'
import type { Learner } from './learner.ts'
import { trainsPair } from './losses/list.ts'
import { ballAt, empiricalShareAt, learningRateAt, lossExponentAt, methodAt, regularisationAt } from './schedule.ts'
import type { TrainingOptions } from './settings.ts'
import type { Change } from './work/examples.ts'
import type { GradientJob } from './work/gradient.ts'
import type { UpdateJob } from './work/update.ts'

/** One step of a run: epochs and steps count from 0. */
export interface Moment {
  /** Index of the learner. */
  readonly index: number
  readonly epoch: number
  readonly step: number
  /** Steps in the epoch. */
  readonly steps: number
}

/** How the images of a learner are augmented in an epoch. */
export const changeAt = ({ augment, seed }: TrainingOptions, { name }: Learner, epoch: number): Change => ({
  how: augment,
  seed: new Random(seed, 'augment', name, epoch).bits(),
})

/** In a warm-up losses are summed, whatever comes later. */
const empiricalAt = (options: TrainingOptions, { epoch, step, steps }: Moment) => ({
  loss: options.empirical,
  combine: epoch < options.warmUpEpochs ? ('losses' as const) : options.combine,
  share: empiricalShareAt(options, epoch, step, steps),
})

/** How adversarial losses search. */
export const attackOf = ({ domain, attackSteps }: TrainingOptions, seed: number): AttackOptions => ({
  ...pgd(domain, seed),
  steps: attackSteps,
  stepSize: 2.5 / attackSteps,
})

/** The gradient of a batch, without the batch. */
export function gradientJob(
  options: TrainingOptions,
  learners: readonly Learner[],
  moment: Moment,
): Omit<GradientJob, 'batch' | 'starts'> {
  const { index, epoch, step, steps } = moment
  const learner = learners[index]
  const method = methodAt(options, epoch, learner.name)
  const other = trainsPair(method) ? 1 - index : undefined
  const ball = ballAt(options, epoch, step, steps)
  return {
    kind: 'gradient',
    network: { learner: index, version: learner.steps, which: 'trained' },
    reference: other === undefined ? undefined : { learner: other, version: learners[other].steps, which: 'outcome' },
    method,
    ball,
    attacked: options.attackFactor === 1 ? undefined : scaledBall(ball, options.attackFactor * ball.epsilon),
    loss: {
      empirical: empiricalAt(options, moment),
      boxShare: epoch < options.warmUpEpochs ? 1 : options.boxShare,
      lossExponent: lossExponentAt(options, epoch, step, steps),
      regularisation: regularisationAt(options, epoch, step, steps),
      attackedLayers: options.attackedLayers,
      attack: attackOf(options, new Random(options.seed, 'attack', epoch).bits()),
      bounds: {
        mode: options.bounds,
        dimension: options.projectionDimension,
        memory: options.memory * 2 ** 20,
        seed: new Random(options.seed, 'projections', learner.name, epoch, step).bits(),
      },
    },
    change: changeAt(options, learner, epoch),
  }
}

/**
 * The optimiser's step.
 * @param step how many steps the learner has taken, this one included
 * @param norm of the batch's gradient
 */
export const updateJob = (
  options: TrainingOptions,
  { index, epoch }: Moment,
  step: number,
  norm: number,
): Omit<UpdateJob, 'ranges'> => ({
  kind: 'update',
  learner: index,
  update: {
    optimiser: options.optimiser,
    learningRate: learningRateAt(options, epoch),
    momentum: options.momentum,
    weightDecay: options.weightDecay,
    sparsity: options.sparsity,
    scale: options.gradientClip > 0 ? Math.min(1, options.gradientClip / norm) : 1,
    step,
  },
  average: options.average,
})
