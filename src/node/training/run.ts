/** Training in a folder: data, epochs, checkpoints, log; a run continues after an interruption as if there had been none. */
import { join } from 'node:path'
import { UserError } from '../../base/errors.ts'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import type { Network } from '../../model/network.ts'
import { requireGpuCan } from '../../training/batch/requirements.ts'
import { BatchTrainer } from '../../training/batch/trainer.ts'
import type { Best } from '../../training/best.ts'
import type { EpochReport, Progress } from '../../training/epoch-report.ts'
import type { TrainingOptions } from '../../training/settings.ts'
import { startFrom } from '../../training/start.ts'
import { type TrainingState, networksOf, randomStart, train } from '../../training/train.ts'
import type { TrainingData } from '../../training/training-data.ts'
import { threads } from '../threads.ts'
import { RunFolder } from './checkpoint.ts'
import { type DataSource, loadRunData } from './run-data.ts'
import { readStarts } from './start-files.ts'

/**
 * Chooses who takes the steps, once settings and data are known: a GPU, which the run closes, or the threads.
 * @param before what trained the epochs that are there already: the name of a GPU, or 'CPU'; undefined if there are none
 * @param fit throws a UserError if the run does not fit into a GPU
 */
export type ChooseDevice = (
  options: TrainingOptions,
  data: TrainingData,
  before: string | undefined,
  fit: (gpu: Gpu) => void,
) => Promise<Gpu | undefined>

export interface RunOptions extends DataSource {
  /** Folder of the run, with its settings, log, networks and checkpoint. */
  readonly out: string
  /** Threads. A pair that is trained side by side shares them, but each network has at least one. */
  readonly workers: number
  /** The threads, if left out. */
  readonly device?: ChooseDevice | undefined
  /** MB on a GPU for a run that continues, if they are others than those of its settings: of another GPU, or of a full one. */
  readonly deviceMemory?: number | undefined
  /** How the run fits into a GPU, before it begins: images at once, and bytes in all. */
  readonly onFit?: (fit: { readonly size: number; readonly memory: number }) => void
  /** Stops the run at once: it can be resumed from its last whole epoch. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: Progress) => void
  /** Each network after each epoch, before it is saved. */
  readonly onReport?: (report: EpochReport) => void
  /** After each whole epoch, once its networks and checkpoint are saved; the next epoch waits for it. */
  readonly onSaved?: (state: TrainingState) => void | Promise<void>
}

export interface RunResult {
  readonly options: TrainingOptions
  readonly networks: readonly { readonly name: string; readonly network: Network; readonly path: string }[]
  readonly reports: readonly EpochReport[]
  readonly best: Best | undefined
}

/**
 * Trains one network or a pair (method 'robustra': f and g) in a new folder.
 * @throws UserError if `out` exists or another process writes there, data or the networks to start from are missing, the loss stops being finite, or a GPU
 *   cannot train this or fails; the signal's reason
 */
export async function trainRun(given: TrainingOptions, run: RunOptions): Promise<RunResult> {
  const folder = new RunFolder(run.out)
  folder.requireNew()
  const data = await loadRunData(given, run)
  // where a share was given, the run says how many these are
  const options = { ...given, validationCount: data.validation.count }
  const state = randomStart(options, data)
  const { learners } = state
  const isRandom = options.start === ''
  if (!isRandom) {
    const names = learners.map(({ name }) => name)
    startFrom(learners, readStarts(options.start, names, data.architecture), data.architecture)
  }
  const gpu = await gpuFor(run, options, data, state)
  try {
    folder.create(options, isRandom ? [] : learners)
    return await trainOn(options, data, state, { ...run, folder, gpu })
  } finally {
    gpu?.close()
    folder.close()
  }
}

/**
 * Continues a run that was stopped at any moment: from its last whole epoch, bit for bit as if never stopped.
 * @throws UserError if there is no run in `out`, if it is damaged, or if another process is at it; otherwise as `trainRun`
 */
export async function resumeRun(run: RunOptions): Promise<RunResult> {
  const folder = new RunFolder(run.out)
  const { deviceMemory } = run
  const options = { ...folder.options(), ...(deviceMemory !== undefined && { deviceMemory }) }
  folder.lock()
  try {
    const data = await loadRunData(options, run)
    const { learners } = randomStart(options, data)
    const state = { ...folder.restore(learners), learners }
    const gpu = await gpuFor(run, options, data, state)
    try {
      return await trainOn(options, data, state, { ...run, folder, gpu })
    } finally {
      gpu?.close()
    }
  } finally {
    folder.close()
  }
}

/** The GPU of a run, if it has one. @throws UserError if the GPU cannot train this, or has not enough memory */
async function gpuFor(
  { device, onFit }: RunOptions,
  options: TrainingOptions,
  data: TrainingData,
  { reports, learners }: TrainingState,
): Promise<Gpu | undefined> {
  const last = reports.at(-1)
  const fitOf = (gpu: Gpu) => new BatchTrainer(gpu, options, data, learners).fit()
  const gpu = await device?.(options, data, last && (last.device ?? 'CPU'), fitOf)
  try {
    if (gpu) {
      requireGpuCan(options)
      onFit?.(fitOf(gpu))
    }
    return gpu
  } catch (error) {
    gpu?.close()
    throw error
  }
}

async function trainOn(
  options: TrainingOptions,
  data: TrainingData,
  from: TrainingState,
  run: RunOptions & { readonly folder: RunFolder; readonly gpu: Gpu | undefined },
): Promise<RunResult> {
  const { folder, gpu, workers, signal, onProgress, onReport, onSaved } = run
  let state = from
  const epochs = train(options, data, {
    executor: threads(workers),
    gpu,
    from,
    halves: folder,
    signal,
    onProgress,
    onReport,
  })
  try {
    for await (const epoch of epochs) {
      state = epoch.state
      folder.save(data, state)
      await onSaved?.(state)
    }
  } catch (error) {
    throw state.epochs > 0 ? withCheckpoint(error, state.epochs) : error
  }
  return {
    options,
    networks: networksOf(data, state).map(({ name, network }) => ({
      ...{ name, network },
      path: join(folder.path, `${name}.safetensors`),
    })),
    reports: state.reports,
    best: state.best,
  }
}

/** An error of training that says what of the run is left. */
const withCheckpoint = (error: unknown, epochs: number): unknown =>
  error instanceof UserError && ['diverged', 'gpu-lost', 'out-of-memory'].includes(error.code)
    ? new UserError(`${error.message}; the checkpoint after epoch ${epochs} is kept`, {
        code: error.code,
        cause: error,
      })
    : error
