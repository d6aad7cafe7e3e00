/** A whole training run: data, epochs, checkpoints, log; continues after an interruption as if there had been none. */
import { threads } from '../threads.ts'
import { join } from 'node:path'
import type { Architecture, Network } from '../../model/network.ts'
import { type Best, type Checkpoint, RunFolder } from './checkpoint.ts'
import type { TrainingOptions } from '../../training/settings.ts'
import { PairProcesses } from './pair-processes.ts'
import { type DataSource, loadRunData } from './run-data.ts'
import { startFrom } from './start.ts'
import type { EpochReport, Progress } from '../../training/epoch-report.ts'
import { type Learner, networkOf, startLearners } from '../../training/learner.ts'
import { Trainer } from '../../training/trainer.ts'

export interface RunOptions extends DataSource {
  /** Folder of the run; see checkpoint.ts for what lies in it. */
  readonly out: string
  /** Threads. Learners in processes of their own share them, but each has at least one. */
  readonly workers: number
  readonly onProgress?: (progress: Progress) => void
  readonly onEpoch?: (report: EpochReport) => void
  /** After each whole epoch, once its networks and checkpoint are saved; the next epoch waits for it. */
  readonly onSaved?: () => void | Promise<void>
}

export interface RunResult {
  readonly options: TrainingOptions
  readonly networks: readonly { readonly name: string; readonly network: Network; readonly path: string }[]
  readonly reports: readonly EpochReport[]
  readonly best: Best | undefined
}

/**
 * Trains a pair (method 'robustra': f and g) or one network.
 * @throws UserError if `out` exists, data or the networks to start from are missing, or the loss stops being finite
 */
export function train(options: TrainingOptions, run: RunOptions): Promise<RunResult> {
  const folder = new RunFolder(run.out)
  folder.requireNew()
  return goOn(options, folder, run, (learners, architecture) => {
    if (options.start === '') return folder.create(options)
    startFrom(options.start, learners, architecture)
    folder.create(options, learners)
  })
}

/** Trains a mutual pair with Robustra (Section 5.6): `train` with that method. */
export const trainMutual = (options: Omit<TrainingOptions, 'method'>, run: RunOptions): Promise<RunResult> =>
  train({ ...options, method: 'robustra' }, run)

/**
 * Continues a run that was stopped at any moment: from its last whole epoch, bit for bit as if never stopped.
 * @throws UserError if there is no run in `out` or it is damaged
 */
export function resume(run: RunOptions): Promise<RunResult> {
  const folder = new RunFolder(run.out)
  return goOn(folder.options(), folder, run)
}

/** @param begin called with learners at their random start, once the data are there and fit, before anything is written */
async function goOn(
  options: TrainingOptions,
  folder: RunFolder,
  run: RunOptions,
  begin?: (learners: readonly Learner[], architecture: Architecture) => void,
): Promise<RunResult> {
  const data = await loadRunData(options, run)
  const { architecture } = data

  const learners = startLearners(options, architecture)
  begin?.(learners, architecture)
  let checkpoint: Checkpoint = folder.restore(learners)
  const trainer = options.parallelPair
    ? new PairProcesses(folder, learners, run)
    : new Trainer(options, data, learners, threads(run.workers))
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
      await run.onSaved?.()
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
