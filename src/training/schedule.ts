/**
 * What an epoch minimises, and how ε, the learning rate, the loss, its empirical share and the weight of the regularisers go
 * over a run. Epochs count from 0; those of a warm-up come first, and all schedules but its own begin after it.
 */
import { type Ball, scaledBall } from '../region/ball.ts'
import { type Method, lossOf } from './losses/list.ts'
import type { TrainingOptions } from './settings.ts'

type ScheduleOptions = Pick<
  TrainingOptions,
  | 'epsilon'
  | 'epsilonStart'
  | 'epsilonFactor'
  | 'rampEpochs'
  | 'learningRate'
  | 'halveEvery'
  | 'method'
  | 'empiricalShare'
  | 'lossExponent'
  | 'warmUp'
  | 'warmUpEpochs'
  | 'regularise'
>

const isWarmUp = ({ warmUpEpochs }: ScheduleOptions, epoch: number) => epoch < warmUpEpochs

/** The method whose loss a network minimises in an epoch. */
export function methodAt(options: ScheduleOptions, epoch: number, network = 'f'): Method {
  if (options.warmUp !== 'none' && isWarmUp(options, epoch)) return options.warmUp
  return network === 'g' && lossOf(options.method).reference === 'natural' ? 'natural' : options.method
}

/** How much of the ramp is done, 0 to 1, at a step of an epoch. A warm-up is all ramp. */
function ramp(options: ScheduleOptions, epoch: number, step: number, steps: number): number {
  const { rampEpochs, warmUpEpochs } = options
  if (isWarmUp(options, epoch)) return (epoch + step / steps) / warmUpEpochs
  return rampEpochs === 0 ? 1 : Math.min(1, (epoch - warmUpEpochs + step / steps) / rampEpochs)
}

/**
 * ε at a step: linear from `epsilonStart` to `epsilonFactor` times `epsilon` over `rampEpochs` epochs, and before that from 0
 * to there over the warm-up. Pixel units.
 */
export function epsilonAt(options: ScheduleOptions, epoch: number, step: number, steps: number): number {
  const target = targetOf(options)
  const start = isWarmUp(options, epoch) ? 0 : Math.min(options.epsilonStart, target)
  return start + (target - start) * ramp(options, epoch, step, steps)
}

const targetOf = ({ epsilon, epsilonFactor }: ScheduleOptions) => epsilonFactor * epsilon

/** The ball at a step: where values have radii of their own, they grow in proportion. */
export function ballAt(options: ScheduleOptions & Ball, epoch: number, step: number, steps: number): Ball {
  const { epsilon, epsilons, norm, domain } = options
  return scaledBall({ epsilon, epsilons, norm, domain }, epsilonAt(options, epoch, step, steps))
}

/** Constant over warm-up and ramp, then halved every `halveEvery` epochs (0: never). */
export function learningRateAt(options: ScheduleOptions, epoch: number): number {
  const { learningRate, rampEpochs, halveEvery, warmUpEpochs } = options
  if (halveEvery === 0 || epoch - warmUpEpochs < rampEpochs) return learningRate
  return learningRate * 0.5 ** (1 + Math.floor((epoch - warmUpEpochs - rampEpochs) / halveEvery))
}

/**
 * Weight of the empirical loss beside bounds. Training by intervals begins with it alone and comes to its share as ε grows,
 * to a half in a warm-up (Gowal et al. 2018); with other methods it is the same all the time.
 */
export function empiricalShareAt(options: ScheduleOptions, epoch: number, step: number, steps: number): number {
  const final = isWarmUp(options, epoch) ? 0.5 : options.empiricalShare
  return lossOf(methodAt(options, epoch)).isInterval ? 1 - (1 - final) * ramp(options, epoch, step, steps) : final
}

/** q of the loss: that of cross-entropy, 0, in a warm-up, and after it on its way to `lossExponent` over the ramp. */
export function lossExponentAt(options: ScheduleOptions, epoch: number, step: number, steps: number): number {
  return isWarmUp(options, epoch) ? 0 : options.lossExponent * ramp(options, epoch, step, steps)
}

/** Weight of the regularisers in interval training: it falls from `regularise` to 0 as ε grows (Shi et al. 2021). */
export function regularisationAt(options: ScheduleOptions, epoch: number, step: number, steps: number): number {
  if (!lossOf(methodAt(options, epoch)).isInterval || options.epsilon === 0) return 0
  return options.regularise * (1 - epsilonAt(options, epoch, step, steps) / targetOf(options))
}
