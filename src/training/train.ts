/** Training as an async iterable of epochs: it stores nothing, and continues from any state that it has yielded. */
import type { Gpu } from '../device/webgpu/gpu.ts'
import type { Executor } from '../jobs/executor.ts'
import { inline } from '../jobs/inline.ts'
import { checkDataset } from '../data/dataset-of.ts'
import { checkParameters } from '../model/checked.ts'
import { sizeOf } from '../model/layers.ts'
import type { Network } from '../model/network.ts'
import { requireRadii } from '../region/ball.ts'
import { requireGpu, requireGpuCan } from './batch/requirements.ts'
import { type Best, betterOf } from './best.ts'
import type { EpochReport, Progress } from './epoch-report.ts'
import { type Learner, networkOf, startLearners } from './learner.ts'
import type { TrainingOptions } from './settings.ts'
import { type HalfEpochs, SideBySide } from './side-by-side.ts'
import { Trainer } from './trainer.ts'
import type { TrainingData } from './training-data.ts'

/** All that a run needs to continue: every random stream is named by the seed and the epoch's number. */
export interface TrainingState {
  /** Whole epochs done. */
  readonly epochs: number
  /** Of all of them, one per network and epoch. */
  readonly reports: readonly EpochReport[]
  readonly best: Best | undefined
  /** Weights and optimisers. The next epoch changes them. */
  readonly learners: readonly Learner[]
}

/** A whole epoch. */
export interface Epoch {
  /** Counts from 1. */
  readonly epoch: number
  /** One per network. */
  readonly reports: readonly EpochReport[]
  /** What has come of training so far. The next epoch changes the weights: copy what shall stay. */
  readonly networks: readonly { readonly name: string; readonly network: Network }[]
  readonly state: TrainingState
}

export interface TrainContext {
  /** Who computes: the calling thread, if left out. */
  readonly executor?: Executor
  /** Takes the steps of training, and its weights then are those of this GPU; who opens it closes it. */
  readonly gpu?: Gpu | undefined
  /** Stops the training at once; the iteration then throws its reason. */
  readonly signal?: AbortSignal | undefined
  /** Where to begin: at random weights, if left out. */
  readonly from?: TrainingState
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Each network after each epoch, as soon as it is done. */
  readonly onReport?: ((report: EpochReport) => void) | undefined
  /** For pairs that are trained side by side. */
  readonly halves?: HalfEpochs
}

/** The state before the first epoch, at random weights. */
export const randomStart = (options: TrainingOptions, { architecture }: TrainingData): TrainingState => ({
  ...{ epochs: 0, reports: [], best: undefined },
  learners: startLearners(options, architecture),
})

/**
 * Trains one network, or a pair (method 'robustra': f and g). The same settings, seed and data give the same weights on one
 * machine, no matter which executor computes, with how many workers, and where the training was interrupted. A GPU gives
 * others than the CPU, and the same ones each time.
 * @param options complete settings: `trainingOptions({ … })`
 * @throws UserError for damaged data, weights that are not finite, radii that are not one for each value, and a loss that stops being finite; the signal's
 *   reason
 */
export async function* train(
  options: TrainingOptions,
  data: TrainingData,
  context: TrainContext = {},
): AsyncGenerator<Epoch, void> {
  const { executor = inline, gpu, signal, halves, onProgress, onReport } = context
  checkDataset(data.training)
  checkDataset(data.validation)
  if (options.epsilons) requireRadii(options, sizeOf(data.architecture.input))
  if (gpu) {
    requireGpuCan(options)
    requireGpu(gpu)
  }
  let state = context.from ?? randomStart(options, data)
  const { learners } = state
  for (const { parameters } of learners.map((learner) => learner.state)) {
    checkParameters({ architecture: data.architecture, parameters })
  }
  const started = performance.now()
  const before = elapsedBefore(state)
  const trainer = options.parallelPair
    ? new SideBySide(options, data, learners, { executor, gpu, signal, halves })
    : new Trainer(options, data, learners, { executor, gpu, signal })
  try {
    while (state.epochs < options.epochs) {
      const reports: EpochReport[] = []
      for await (const trained of trainer.epoch(state.epochs, onProgress)) {
        const report = { ...trained, elapsed: before + (performance.now() - started) / 1000 }
        reports.push(report)
        onReport?.(report)
      }
      const epoch = state.epochs + 1
      state = {
        epochs: epoch,
        reports: [...state.reports, ...reports],
        best: reports.reduce(betterOf, state.best),
        learners,
      }
      yield { epoch, reports, networks: networksOf(data, state), state }
    }
  } finally {
    await trainer.close()
  }
}

/** Seconds that the epochs of a state took. Reports of older versions say only what each of them took. */
const elapsedBefore = ({ reports }: TrainingState): number =>
  reports.at(-1)?.elapsed ?? reports.reduce((sum, { seconds }) => sum + seconds, 0)

export const networksOf = ({ architecture }: TrainingData, { learners }: TrainingState): Epoch['networks'] =>
  learners.map((learner) => ({ name: learner.name, network: networkOf(architecture, learner) }))
