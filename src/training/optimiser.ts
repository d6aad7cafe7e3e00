/** Adam (Kingma & Ba 2015) and SGD with momentum, as PyTorch defines them, on flat arrays of parameters or parts of them. */
import type { TrainingOptions } from './settings.ts'

/** Parameters and what the optimiser remembers of each; shared between workers, each of which updates its own part. */
export interface OptimiserState {
  readonly parameters: Float32Array
  /** Adam: first moment. SGD: momentum buffer. */
  readonly first: Float32Array
  /** Adam: second moment. */
  readonly second: Float32Array
}

export interface Update {
  readonly optimiser: TrainingOptions['optimiser']
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  /** Weight of the L1 penalty. */
  readonly sparsity: number
  /** The gradient is multiplied by this: less than 1 where it was clipped. */
  readonly scale: number
  /** Steps taken, this one included. */
  readonly step: number
}

const BETA1 = 0.9
const BETA2 = 0.999
const TINY = 1e-8

/** Takes a step, in place. */
export const applyUpdate = (state: OptimiserState, gradient: Float32Array, update: Update): void =>
  (update.optimiser === 'sgd' ? stepBySgd : stepByAdam)(state, gradient, update)

function stepBySgd({ parameters, first }: OptimiserState, gradient: Float32Array, update: Update): void {
  const { learningRate, momentum, weightDecay, sparsity, scale, step } = update
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i] * scale + weightDecay * parameters[i] + sparsity * Math.sign(parameters[i])
    first[i] = step === 1 ? g : momentum * first[i] + g
    parameters[i] -= learningRate * first[i]
  }
}

function stepByAdam({ parameters, first, second }: OptimiserState, gradient: Float32Array, update: Update): void {
  const { learningRate, weightDecay, sparsity, scale, step } = update
  const rate = learningRate / (1 - BETA1 ** step)
  const correction = 1 / (1 - BETA2 ** step)
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i] * scale + weightDecay * parameters[i] + sparsity * Math.sign(parameters[i])
    first[i] = BETA1 * first[i] + (1 - BETA1) * g
    second[i] = BETA2 * second[i] + (1 - BETA2) * g * g
    parameters[i] -= (rate * first[i]) / (Math.sqrt(second[i] * correction) + TINY)
  }
}
