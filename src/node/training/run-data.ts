/** The images that a run trains on and is judged by, from their files. */
import type { TrainingOptions } from '../../training/settings.ts'
import { type TrainingData, trainingData } from '../../training/training-data.ts'
import { loadTrainingParts } from '../data/load-dataset.ts'
import type { Reading } from '../data/reading.ts'

export interface DataSource extends Reading {
  /** Folder with the files of the data set, if not the one of downloads. */
  readonly dataDirectory?: string | undefined
  readonly onDownload?: (progress: { file: string; received: number; total?: number }) => void
}

/**
 * Reads a run's training and validation images, after a download if need be.
 * @throws UserError if they are missing, or the architecture is not for such images
 */
export async function loadRunData(options: TrainingOptions, source: DataSource): Promise<TrainingData> {
  const { train, validation } = await loadTrainingParts(options.dataset, {
    seed: options.seed,
    validationCount: options.validationCount,
    ...(source.dataDirectory !== undefined && { dataDirectory: source.dataDirectory }),
    ...(source.onDownload && { onProgress: source.onDownload }),
    onRead: source.onRead,
  })
  return trainingData(options, train, validation)
}
