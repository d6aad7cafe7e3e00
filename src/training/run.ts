/** A whole training run: data, epochs, checkpoints, log; goes on after an interruption as if there had been none. */
import { join } from 'node:path'
import { loadDataset, takeRange } from '../data/dataset.ts'
import { UserError } from '../errors.ts'
import { architectureNamed } from '../networks/architectures.ts'
import { formatShape } from '../networks/layers.ts'
import { type Architecture, countClasses, type Network } from '../networks/network.ts'
import { type Best, type Checkpoint, RunFolder } from './checkpoint.ts'
import type { TrainingOptions } from './options.ts'
import { type EpochReport, type Progress, Trainer, networkOf, startLearners } from './trainer.ts'

export interface RunOptions {
  /** Folder of the run; see checkpoint.ts for what lies in it. */
  readonly out: string
  readonly workers: number
  readonly dataDirectory?: string | undefined
  readonly onProgress?: (progress: Progress) => void
  readonly onEpoch?: (report: EpochReport) => void
  readonly onDownload?: (progress: { file: string; received: number; total?: number }) => void
}

export interface RunResult {
  readonly options: TrainingOptions
  readonly networks: readonly { readonly name: string; readonly network: Network; readonly path: string }[]
  readonly reports: readonly EpochReport[]
  readonly best: Best | undefined
}

/**
 * Trains a pair (method 'robustra': f and g) or one network.
 * @throws UserError if `out` exists, data is missing, or the loss stops being finite
 */
export function train(options: TrainingOptions, run: RunOptions): Promise<RunResult> {
  const architecture = architectureNamed(options.architecture)
  const folder = new RunFolder(run.out)
  folder.requireNew()
  return goOn(options, architecture, folder, run, () => folder.create(options))
}

/** Trains a mutual pair with Robustra (Section 5.6): `train` with that method. */
export const trainMutual = (options: Omit<TrainingOptions, 'method'>, run: RunOptions): Promise<RunResult> =>
  train({ ...options, method: 'robustra' }, run)

/**
 * Goes on with a run that was stopped at any moment: from its last whole epoch, bit for bit as if never stopped.
 * @throws UserError if there is no run in `out` or it is damaged
 */
export function resume(run: RunOptions): Promise<RunResult> {
  const folder = new RunFolder(run.out)
  const options = folder.options()
  return goOn(options, architectureNamed(options.architecture), folder, run)
}

/** @param begin called once the data are there and fit, before anything is written */
async function goOn(
  options: TrainingOptions,
  architecture: Architecture,
  folder: RunFolder,
  run: RunOptions,
  begin?: () => void,
): Promise<RunResult> {
  const load = {
    seed: options.seed,
    validationCount: options.validationCount,
    ...(run.dataDirectory !== undefined && { dataDirectory: run.dataDirectory }),
    ...(run.onDownload && { onProgress: run.onDownload }),
  }
  const all = await loadDataset(options.dataset, 'train', load)
  const training = options.trainingCount > 0 ? takeRange(all, 0, Math.min(all.count, options.trainingCount)) : all
  const validation = await loadDataset(options.dataset, 'validation', load)
  checkFits(architecture, training.shape, training.classes, options.dataset)

  begin?.()
  const learners = startLearners(options, architecture)
  let checkpoint: Checkpoint = folder.restore(learners)
  const trainer = new Trainer(options, { architecture, training, validation }, learners, run.workers)
  try {
    for (let epoch = checkpoint.epochs; epoch < options.epochs; epoch++) {
      const reports = [...checkpoint.reports]
      let { best } = checkpoint
      for await (const report of trainer.epoch(epoch, run.onProgress)) {
        reports.push(report)
        if (isBetter(report, best)) best = bestOf(report)
        run.onEpoch?.(report)
      }
      checkpoint = { epochs: epoch + 1, reports, best }
      folder.save(architecture, learners, checkpoint)
    }
  } finally {
    await trainer.close()
  }
  return {
    options,
    networks: learners.map((learner) => ({
      name: learner.name,
      network: networkOf(architecture, learner),
      path: join(folder.path, `${learner.name}.safetensors`),
    })),
    reports: checkpoint.reports,
    best: checkpoint.best,
  }
}

/** Never without validation images: nothing is chosen on other data. */
function isBetter(report: EpochReport, best: Best | undefined): boolean {
  if (report.certifiedError === null) return false
  if (!best) return true
  if (report.certifiedError !== best.certifiedError) return report.certifiedError < best.certifiedError
  return report.cleanError! < best.cleanError
}

const bestOf = ({ epoch, network, certifiedError, cleanError }: EpochReport): Best => ({
  epoch,
  network,
  certifiedError: certifiedError!,
  cleanError: cleanError!,
})

function checkFits(architecture: Architecture, shape: Architecture['input'], classes: number, dataset: string): void {
  const expected = architecture.input
  if (formatShape(expected) !== formatShape(shape) || countClasses(architecture) !== classes) {
    throw new UserError(
      `${architecture.name} takes ${formatShape(expected)} images of ${countClasses(architecture)} classes, but ${dataset} ` +
        `has ${formatShape(shape)} of ${classes}: choose another architecture or data set`,
    )
  }
}
