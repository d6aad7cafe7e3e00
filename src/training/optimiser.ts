/** Adam (Kingma & Ba 2015) and SGD with momentum as PyTorch defines them, on a range of a flat parameter array. */
import type { TrainingOptions } from './settings.ts'

/** Parameters and what the optimiser remembers of each; shared between workers, each of which has its own range. */
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

export function applyUpdate(
  state: OptimiserState,
  gradient: Float32Array,
  update: Update,
  start: number,
  end: number,
): void {
  const { parameters, first, second } = state
  const { learningRate, momentum, weightDecay, sparsity, scale, step } = update
  if (update.optimiser === 'sgd') {
    for (let i = start; i < end; i++) {
      const g = gradient[i] * scale + weightDecay * parameters[i] + sparsity * Math.sign(parameters[i])
      first[i] = step === 1 ? g : momentum * first[i] + g
      parameters[i] -= learningRate * first[i]
    }
    return
  }
  const rate = learningRate / (1 - BETA1 ** step)
  const correction = 1 / (1 - BETA2 ** step)
  for (let i = start; i < end; i++) {
    const g = gradient[i] * scale + weightDecay * parameters[i] + sparsity * Math.sign(parameters[i])
    first[i] = BETA1 * first[i] + (1 - BETA1) * g
    second[i] = BETA2 * second[i] + (1 - BETA2) * g * g
    parameters[i] -= (rate * first[i]) / (Math.sqrt(second[i] * correction) + TINY)
  }
}
