/**
 * Trains learners epoch by epoch: shuffled batches, each cut into chunks that the workers share. A pair is trained in turn
 * (Section 5.6): in every epoch first f against g, then g against the new f; side-by-side.ts trains both at once.
 */
import { Random } from '../base/random.ts'
import { sharedFloats } from '../base/shared-memory.ts'
import type { Gpu } from '../device/webgpu/gpu.ts'
import { type Crew, type Executor, collect } from '../jobs/executor.ts'
import { isEstimated } from './batch/estimate.ts'
import { BatchTrainer } from './batch/trainer.ts'
import { diverged } from './diverged.ts'
import { type LearnerReport, type Progress, type Totals, reportOf } from './epoch-report.ts'
import type { Learner } from './learner.ts'
import type { Method } from './losses/list.ts'
import { type LossResult, addResults, noResult } from './losses/loss.ts'
import { asTrained, isNormalised } from './normalised.ts'
import { methodAt } from './schedule.ts'
import type { TrainingOptions } from './settings.ts'
import { type Moment, changeAt, gradientJob, updateJob } from './step.ts'
import type { TrainingData } from './training-data.ts'
import { chunkStarts, normalisedStarts, parameterRanges } from './work/cut.ts'
import type { TrainingJob, TrainingResult, TrainingResults } from './work/job.ts'
import { trainingTask } from './work/task.ts'
import { type Validation, measureOf } from './work/validate.ts'

/** Images whose moments a batch-normalised network gets. */
const FOLDED_IMAGES = 2048

/** Validation images in a part. */
const VALIDATED = 20

/** Who computes. */
export interface Workers {
  readonly executor: Executor
  /** Takes the steps; the workers do what is left. */
  readonly gpu?: Gpu | undefined
  /** How many workers; all of the executor's if left out. */
  readonly size?: number
  /** Stops the training at once; the trainer is of no use after that. */
  readonly signal?: AbortSignal | undefined
}

export class Trainer {
  readonly options: TrainingOptions
  readonly learners: readonly Learner[]
  readonly #data: TrainingData
  readonly #crew: Crew<TrainingJob, TrainingResult>
  readonly #batches: BatchTrainer | undefined
  readonly #signal: AbortSignal | undefined
  readonly #ranges: readonly number[]
  readonly #isNormalised: boolean
  /** Where a batch is cut into chunks. */
  readonly #cut: (batch: number, method: Method) => readonly number[]

  constructor(options: TrainingOptions, data: TrainingData, learners: readonly Learner[], workers: Workers) {
    const { executor, gpu, size = executor.workers, signal } = workers
    this.options = options
    this.learners = learners
    this.#data = data
    this.#signal = signal
    const { length } = learners[0].state.parameters
    const architecture = asTrained(data.architecture, options)
    this.#isNormalised = isNormalised(architecture)
    this.#cut = isNormalised(data.architecture)
      ? normalisedStarts
      : (batch, method) => chunkStarts(batch, method, length)
    this.#ranges = parameterRanges(length)
    this.#crew = executor.start(
      trainingTask,
      {
        ...data,
        architecture,
        learners: learners.map(({ state, average, folded }) => ({
          state,
          ...(average && { average }),
          ...(folded && { folded }),
        })),
        // a warm-up never cuts into more chunks
        gradients: gpu
          ? []
          : this.#cut(options.batchSize, options.method)
              .slice(1)
              .map(() => sharedFloats(length)),
      },
      size,
    )
    this.#batches = gpu && new BatchTrainer(gpu, options, data, learners)
  }

  async close(): Promise<void> {
    await this.#batches?.close()
    await this.#crew.close()
  }

  /** Trains every learner for one epoch, one after the other. @throws as `trainLearner` */
  async *epoch(epoch: number, onProgress?: (progress: Progress) => void): AsyncGenerator<LearnerReport> {
    for (const index of this.learners.keys()) yield await this.trainLearner(index, epoch, onProgress)
  }

  /**
   * Trains one learner for one epoch, of a pair against the other as it is.
   * @param epoch counts from 0
   * @throws UserError if the loss is not finite any more, or the GPU fails; the signal's reason if it stops the training
   */
  async trainLearner(index: number, epoch: number, onProgress?: (progress: Progress) => void): Promise<LearnerReport> {
    const started = performance.now()
    const { options } = this
    const learner = this.learners[index]
    // the first checkpoint has the network as it was given
    if (this.#isNormalised && options.start !== '' && epoch === 0) await this.#fold('unfold', index, epoch)
    const totals = await (this.#batches
      ? this.#batches.trainEpoch({ index, epoch, order: this.#orderOf(learner, epoch) }, onProgress, this.#signal)
      : this.#trainOnce(index, epoch, onProgress))
    if (this.#isNormalised) await this.#foldOutcome(index, epoch)
    await this.#batches?.writeOutcome(index)
    const estimating = isEstimated(options) ? this.#batches : undefined
    const validation = await (estimating?.estimate(index) ?? this.#validate(index))
    const seconds = (performance.now() - started) / 1000
    const device = this.#batches?.device
    return reportOf(options, {
      epoch,
      network: learner.name,
      totals,
      validation,
      seconds,
      ...(device !== undefined && { device }),
    })
  }

  async #trainOnce(index: number, epoch: number, onProgress?: (progress: Progress) => void): Promise<Totals> {
    const { batchSize } = this.options
    const learner = this.learners[index]
    const images = this.#data.training.count
    const order = this.#orderOf(learner, epoch)
    const steps = Math.ceil(images / batchSize)
    let totals = noResult
    for (let step = 0; step < steps; step++) {
      const batch = order.slice(step * batchSize, (step + 1) * batchSize)
      totals = addResults(totals, await this.#step({ index, epoch, step, steps }, batch))
      const done = Math.min(images, (step + 1) * batchSize)
      onProgress?.({ epoch: epoch + 1, network: learner.name, done, total: images, loss: totals.loss / (step + 1) })
    }
    return { ...totals, steps, images }
  }

  async #step(moment: Moment, batch: Uint32Array): Promise<LossResult> {
    const learner = this.learners[moment.index]
    const method = methodAt(this.options, moment.epoch, learner.name)
    const job = { ...gradientJob(this.options, this.learners, moment), batch, starts: this.#cut(batch.length, method) }
    const chunks = job.starts.length - 1
    const results = await this.#run(job, chunks)
    const ranges = this.#ranges
    const squares = await this.#run({ kind: 'sum', chunks, ranges }, ranges.length - 1)
    const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0))
    const total = results.reduce(addResults)
    if (!Number.isFinite(total.loss) || !Number.isFinite(norm)) throw diverged(this.options, learner, moment)
    learner.steps++
    await this.#run({ ...updateJob(this.options, moment, learner.steps, norm), ranges }, ranges.length - 1)
    return total
  }

  #orderOf({ name }: Learner, epoch: number): Uint32Array {
    return new Random(this.options.seed, 'shuffle', name, epoch).permutation(this.#data.training.count)
  }

  /** Batch normalisation: what comes of an epoch has the moments of many images in its weights. */
  async #foldOutcome(index: number, epoch: number): Promise<void> {
    if (!this.#batches) return this.#fold('fold', index, epoch)
    const { seed } = changeAt(this.options, this.learners[index], epoch)
    await this.#batches.fold(index, { images: Math.min(FOLDED_IMAGES, this.#data.training.count), seed })
  }

  async #fold(kind: 'fold' | 'unfold', index: number, epoch: number): Promise<void> {
    const learner = this.learners[index]
    const images = this.#orderOf(learner, epoch).slice(0, FOLDED_IMAGES)
    await this.#run({ kind, learner: index, change: changeAt(this.options, learner, epoch), images }, 1)
  }

  async #validate(index: number): Promise<Validation> {
    const { count } = this.#data.validation
    const network = { learner: index, version: this.learners[index].steps, which: 'outcome' } as const
    const { epsilon, epsilons, norm, domain } = this.options
    const job = { kind: 'validate', network, ball: { epsilon, epsilons, norm, domain }, size: VALIDATED } as const
    return measureOf(count > 0 ? await this.#run(job, Math.ceil(count / VALIDATED)) : [], count)
  }

  #run<Kind extends TrainingJob['kind']>(
    job: Extract<TrainingJob, { readonly kind: Kind }>,
    parts: number,
  ): Promise<TrainingResults[Kind][]> {
    // a part of a job of this kind has such a result
    return collect(this.#crew.run(job, parts, this.#signal)) as Promise<TrainingResults[Kind][]>
  }
}
