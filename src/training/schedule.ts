/** How ε, the learning rate and the share of the clean loss go over a run. Epochs count from 0. */
import type { TrainingOptions } from './options.ts'

type ScheduleOptions = Pick<
  TrainingOptions,
  'epsilon' | 'epsilonStart' | 'rampEpochs' | 'learningRate' | 'halveEvery' | 'method' | 'finalCleanShare'
>

/** How much of the ramp is done, 0 to 1, at a step of an epoch. */
const ramp = ({ rampEpochs }: ScheduleOptions, epoch: number, step: number, steps: number) =>
  rampEpochs === 0 ? 1 : Math.min(1, (epoch + step / steps) / rampEpochs)

/** ε at a step: linear from `epsilonStart` to `epsilon` over the first `rampEpochs` epochs. Pixel units. */
export function epsilonAt(options: ScheduleOptions, epoch: number, step: number, steps: number): number {
  const start = Math.min(options.epsilonStart, options.epsilon)
  return start + (options.epsilon - start) * ramp(options, epoch, step, steps)
}

/** Constant over the ramp, then halved every `halveEvery` epochs (0: never). */
export function learningRateAt({ learningRate, rampEpochs, halveEvery }: ScheduleOptions, epoch: number): number {
  if (halveEvery === 0 || epoch < rampEpochs) return learningRate
  return learningRate * 0.5 ** (1 + Math.floor((epoch - rampEpochs) / halveEvery))
}

/** Weight of the clean loss in interval training: 1 at first, `finalCleanShare` after the ramp (Gowal et al. 2018). */
export function cleanShareAt(options: ScheduleOptions, epoch: number, step: number, steps: number): number {
  return 1 - (1 - options.finalCleanShare) * ramp(options, epoch, step, steps)
}
