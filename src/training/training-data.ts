/** What a run trains on and is judged by. */
import { type Dataset, takeRange } from '../data/dataset.ts'
import type { Architecture } from '../model/network.ts'
import { trainedArchitecture } from './architecture.ts'
import { asTrained, requireNormalisable } from './normalised.ts'
import { requirePossible } from './options.ts'
import type { TrainingOptions } from './settings.ts'

export interface TrainingData {
  readonly architecture: Architecture
  readonly training: Dataset
  /** May be empty: then nothing is validated, and no network is called the best. */
  readonly validation: Dataset
}

/**
 * Puts together what the settings name, and the images.
 * @returns with no more training images than `trainingCount`, if that is set
 * @throws UserError if the architecture is not for such images, or normalises layers as the method cannot
 */
export function trainingData(options: TrainingOptions, training: Dataset, validation?: Dataset): TrainingData {
  const { name, shape, classes } = training
  const architecture = trainedArchitecture(options.architecture, { input: shape, classes }, name)
  requirePossible(options, architecture)
  requireNormalisable(asTrained(architecture, options), options.method)
  const { trainingCount } = options
  return {
    architecture,
    training: trainingCount > 0 ? takeRange(training, 0, Math.min(training.count, trainingCount)) : training,
    validation: validation ?? takeRange(training, 0, 0),
  }
}
