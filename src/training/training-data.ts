/** What a run trains on and is judged by. */
import { UserError } from '../base/errors.ts'
import { type Dataset, takeRange } from '../data/dataset.ts'
import { architectureNamed } from '../model/architectures.ts'
import { formatShape } from '../model/layers.ts'
import { type Architecture, countClasses } from '../model/network.ts'
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
 * @throws UserError if the architecture is not for such images
 */
export function trainingData(options: TrainingOptions, training: Dataset, validation?: Dataset): TrainingData {
  const architecture = architectureNamed(options.architecture)
  const { trainingCount } = options
  requireFit(architecture, training)
  return {
    architecture,
    training: trainingCount > 0 ? takeRange(training, 0, Math.min(training.count, trainingCount)) : training,
    validation: validation ?? takeRange(training, 0, 0),
  }
}

function requireFit(architecture: Architecture, { name, shape, classes }: Dataset): void {
  const expected = architecture.input
  if (formatShape(expected) === formatShape(shape) && countClasses(architecture) === classes) return
  throw new UserError(
    `${architecture.name} takes ${formatShape(expected)} images of ${countClasses(architecture)} classes, but ${name} ` +
      `has ${formatShape(shape)} of ${classes}: choose another architecture or data set`,
  )
}
