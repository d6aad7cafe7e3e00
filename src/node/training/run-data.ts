/** The images that a run trains on and is judged by. */
import { takeRange } from '../../data/dataset.ts'
import { loadTrainingParts } from '../data/load-dataset.ts'
import { UserError } from '../../base/errors.ts'
import { architectureNamed } from '../../model/architectures.ts'
import { formatShape } from '../../model/layers.ts'
import { type Architecture, countClasses } from '../../model/network.ts'
import type { TrainingOptions } from '../../training/settings.ts'
import type { TrainerData } from '../../training/trainer.ts'

export interface DataSource {
  /** Folder with the files of the data set, if not the one of downloads. */
  readonly dataDirectory?: string | undefined
  readonly onDownload?: (progress: { file: string; received: number; total?: number }) => void
}

/**
 * Reads a run's training and validation images, after a download if need be.
 * @throws UserError if they are missing, or the architecture is not for such images
 */
export async function loadRunData(options: TrainingOptions, source: DataSource): Promise<TrainerData> {
  const architecture = architectureNamed(options.architecture)
  const load = {
    seed: options.seed,
    validationCount: options.validationCount,
    ...(source.dataDirectory !== undefined && { dataDirectory: source.dataDirectory }),
    ...(source.onDownload && { onProgress: source.onDownload }),
  }
  const { train: all, validation } = await loadTrainingParts(options.dataset, load)
  const training = options.trainingCount > 0 ? takeRange(all, 0, Math.min(all.count, options.trainingCount)) : all
  checkFits(architecture, training.shape, training.classes, options.dataset)
  return { architecture, training, validation }
}

function checkFits(architecture: Architecture, shape: Architecture['input'], classes: number, dataset: string): void {
  const expected = architecture.input
  if (formatShape(expected) !== formatShape(shape) || countClasses(architecture) !== classes) {
    throw new UserError(
      `${architecture.name} takes ${formatShape(expected)} images of ${countClasses(architecture)} classes, but ${dataset} ` +
        `has ${formatShape(shape)} of ${classes}: choose another architecture or data set`,
    )
  }
}
