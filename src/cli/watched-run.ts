/** What a run of training is told by the command line, so that it shows on the screen and as curves. */
import { writeCurves } from '../node/report/curves-file.ts'
import type { RunOptions } from '../node/training/run.ts'
import type { TrainingOptions } from '../training/settings.ts'
import { type DeviceFlags, chooserOf } from './device.ts'
import { type Progress, downloadProgress, readProgress } from './progress.ts'
import { TrainingProgress } from './training-progress.ts'

export interface RunFlags extends DeviceFlags {
  readonly out: string
  readonly data?: string
}

/** To read the data from where this command did. */
export const dataFlags = (folder: string | undefined): string[] => (folder === undefined ? [] : ['--data', folder])

interface Watched {
  /** Folder of the run. */
  readonly out: string
  readonly options: TrainingOptions
  readonly progress: Progress
}

export function watchedRun(flags: RunFlags, { out, options, progress }: Watched): RunOptions {
  const { workers, data } = flags
  const shown = new TrainingProgress(options, progress)
  return {
    ...{ out, workers, dataDirectory: data },
    device: chooserOf(flags, progress),
    deviceMemory: flags.deviceMemory,
    onFit: ({ size, memory }) =>
      progress.line(
        `${size === 1 ? 'one image' : `${size} images`} at once, ${Math.ceil(memory / 2 ** 20)} MB of the GPU`,
      ),
    onProgress: shown.update,
    onReport: shown.report,
    onSaved: ({ reports }) => writeCurves(out, options, reports),
    onDownload: downloadProgress(progress),
    onRead: readProgress(progress),
  }
}
