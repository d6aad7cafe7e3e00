/** A network in training, with what its optimiser remembers, in memory that all workers share. */
import { Random } from '../base/random.ts'
import { sharedFloats } from '../base/shared-memory.ts'
import { initialise } from '../model/initialise.ts'
import type { Architecture, Network } from '../model/network.ts'
import { trainsPair } from './losses/list.ts'
import { asTrained, isNormalised } from './normalised.ts'
import type { OptimiserState } from './optimiser.ts'
import type { TrainingOptions } from './settings.ts'

/** All weights of a network in training, in one layout. */
export interface Weights {
  /** Those that are trained, and what the optimiser remembers of each. */
  readonly state: OptimiserState
  /** Their average over the steps, if it is kept (average.ts). */
  readonly average?: Float32Array
  /** With batch normalisation: the network after the last whole epoch (batch-norm.ts). */
  readonly folded?: Float32Array
}

/** One network in training. */
export interface Learner extends Weights {
  /** 'f', or 'g' for the other of a pair. */
  readonly name: string
  /** Optimiser steps taken. */
  steps: number
}

/** Learners at their random start: f and g from independent streams. */
export function startLearners(options: TrainingOptions, architecture: Architecture): Learner[] {
  const names = trainsPair(options.method) ? ['f', 'g'] : ['f']
  return names.map((name, i) => {
    const seed = new Random(options.seed, 'learner', i).integer(2 ** 31)
    const start = initialise(architecture, seed, options.initialisation)
    const { length } = start.parameters
    const parameters = sharedFloats(length)
    parameters.set(start.parameters)
    return {
      name,
      state: { parameters, first: sharedFloats(length), second: sharedFloats(length) },
      ...(options.average > 0 && { average: sharedFloats(length) }),
      ...(isNormalised(asTrained(architecture, options)) && { folded: sharedFloats(length) }),
      steps: 0,
    }
  })
}

/** What comes of training: the weights that are validated and saved. */
export const outcome = ({ state, average, folded }: Weights): Float32Array => folded ?? average ?? state.parameters

export const networkOf = (architecture: Architecture, learner: Learner): Network => ({
  architecture,
  parameters: outcome(learner),
})
