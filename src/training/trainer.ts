/**
 * Training: epochs over shuffled batches, each cut into chunks that the workers share. Robustra trains a pair
 * (Section 5.6): in every epoch first f against g, then g against the new f; pair-processes.ts trains both at once.
 */
import { pgd } from '../attacks/gradient-attack.ts'
import type { Dataset } from '../data/dataset.ts'
import { type Crew, type Executor, collect } from '../jobs/executor.ts'
import { Random } from '../base/random.ts'
import { sharedFloats } from '../base/shared-memory.ts'
import { UserError } from '../base/errors.ts'
import type { Architecture } from '../model/network.ts'
import type { EpochReport, Progress } from './epoch-report.ts'
import type { Learner } from './learner.ts'
import { trainsPair } from './losses/list.ts'
import { type LossResult, addResults, noResult } from './losses/loss.ts'
import type { TrainingOptions } from './settings.ts'
import { empiricalShareAt, epsilonAt, learningRateAt, lossExponentAt, methodAt, regularisationAt } from './schedule.ts'
import { chunkStarts, parameterRanges } from './work/cut.ts'
import type { Change } from './work/examples.ts'
import type { TrainingJob } from './work/job.ts'
import { trainingTask } from './work/task.ts'
import type { ValidateResult } from './work/validate.ts'

export interface TrainerData {
  readonly architecture: Architecture
  readonly training: Dataset
  readonly validation: Dataset
}

/** What an epoch report has of validation images. */
type ValidationMeasure = 'cleanError' | 'attackError' | 'certifiedError' | 'unstable'

/** Images whose moments a batch-normalised network gets. */
const FOLDED_IMAGES = 2048

export class Trainer {
  readonly options: TrainingOptions
  readonly learners: readonly Learner[]
  readonly #data: TrainerData
  readonly #crew: Crew<TrainingJob, unknown>
  readonly #gradients: readonly Float32Array[]
  readonly #ranges: readonly number[]

  constructor(options: TrainingOptions, data: TrainerData, learners: readonly Learner[], executor: Executor) {
    this.options = options
    this.learners = learners
    this.#data = data
    const length = learners[0].state.parameters.length
    // a warm-up never cuts into more chunks
    this.#gradients = chunkStarts(options.batchSize, options.method, length)
      .slice(1)
      .map(() => sharedFloats(length))
    this.#ranges = parameterRanges(length)
    this.#crew = executor.start(trainingTask, {
      ...data,
      norm: options.norm,
      domain: options.domain,
      learners: learners.map(({ state, average, folded }) => ({
        state,
        ...(average && { average }),
        ...(folded && { folded }),
      })),
      gradients: this.#gradients,
    })
  }

  close(): Promise<void> {
    return this.#crew.close()
  }

  /**
   * Trains every learner for one epoch, the pair in turn.
   * @param epoch counts from 0
   * @throws UserError if the loss is not finite any more
   */
  async *epoch(epoch: number, onProgress?: (progress: Progress) => void): AsyncGenerator<EpochReport> {
    for (const index of this.learners.keys()) yield await this.trainLearner(index, epoch, onProgress)
  }

  /** Trains one learner for one epoch, of a pair against the other as it is. Otherwise as `epoch`. */
  async trainLearner(index: number, epoch: number, onProgress?: (progress: Progress) => void): Promise<EpochReport> {
    const started = performance.now()
    // the first checkpoint has the network as it was given
    if (this.options.batchNorm && this.options.start !== '' && epoch === 0) await this.#fold('unfold', index, epoch)
    const totals = await this.#trainOnce(index, epoch, onProgress)
    if (this.options.batchNorm) await this.#fold('fold', index, epoch)
    const validation = await this.#validate(index)
    const { steps, images } = totals
    const constraints = totals.loose + totals.tight + totals.infeasible
    return {
      epoch,
      network: this.learners[index].name,
      method: methodAt(this.options, epoch, this.learners[index].name),
      loss: totals.loss / steps,
      ...validation,
      ...((totals.rows > 0 || totals.projected > 0) && {
        work: { rows: totals.rows / images, projected: totals.projected / images },
      }),
      epsilon: epsilonAt(this.options, epoch, steps, steps),
      learningRate: learningRateAt(this.options, epoch),
      ...(images > 0 &&
        constraints > 0 && {
          space: {
            t: totals.t / constraints,
            loose: totals.loose / constraints,
            tight: totals.tight / constraints,
            infeasible: totals.infeasible / constraints,
          },
        }),
      seconds: (performance.now() - started) / 1000,
    }
  }

  async #trainOnce(index: number, epoch: number, onProgress?: (progress: Progress) => void) {
    const { options, learners } = this
    const learner = learners[index]
    const images = this.#data.training.count
    const order = this.#orderOf(learner, epoch)
    const steps = Math.ceil(images / options.batchSize)
    let totals = noResult
    for (let step = 0; step < steps; step++) {
      const batch = order.slice(step * options.batchSize, (step + 1) * options.batchSize)
      const result = await this.#step(index, epoch, step, steps, batch)
      totals = addResults(totals, result)
      const done = Math.min(images, (step + 1) * options.batchSize)
      onProgress?.({ epoch, network: learner.name, done, total: images, loss: totals.loss / (step + 1) })
    }
    return { ...totals, steps, images }
  }

  async #step(index: number, epoch: number, step: number, steps: number, batch: Uint32Array): Promise<LossResult> {
    const { options, learners } = this
    const learner = learners[index]
    const method = methodAt(options, epoch, learner.name)
    const starts = chunkStarts(batch.length, method, learner.state.parameters.length)
    const other = trainsPair(method) ? 1 - index : undefined
    const results = await this.#run<LossResult>(starts.length - 1, {
      kind: 'gradient',
      network: { learner: index, version: learner.steps, which: 'trained' },
      reference: other === undefined ? undefined : { learner: other, version: learners[other].steps, which: 'outcome' },
      method,
      epsilon: epsilonAt(options, epoch, step, steps),
      loss: {
        empirical: { loss: options.empirical, share: empiricalShareAt(options, epoch, step, steps) },
        boxShare: epoch < options.warmUpEpochs ? 1 : options.boxShare,
        lossExponent: lossExponentAt(options, epoch, step, steps),
        regularisation: regularisationAt(options, epoch, step, steps),
        attack: {
          ...pgd(options.domain, new Random(options.seed, 'attack', epoch).bits()),
          steps: options.attackSteps,
          stepSize: 2.5 / options.attackSteps,
        },
        bounds: {
          mode: options.bounds,
          dimension: options.projectionDimension,
          memory: options.memory * 2 ** 20,
          seed: new Random(options.seed, 'projections', learner.name, epoch, step).bits(),
        },
      },
      change: this.#changeOf(learner, epoch),
      batchNorm: options.batchNorm,
      batch,
      starts,
    })
    const ranges = this.#ranges
    const squares = await this.#run<number>(ranges.length - 1, { kind: 'sum', chunks: starts.length - 1, ranges })
    const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0))
    const total = results.reduce(addResults)
    if (!Number.isFinite(total.loss) || !Number.isFinite(norm)) {
      throw new UserError(
        `the loss of ${learner.name} is not finite in epoch ${epoch + 1}, step ${step + 1}: lower the learning rate ` +
          `(now ${learningRateAt(options, epoch)}), lengthen the ramp of ε or clip gradients; the last checkpoint is kept`,
      )
    }
    learner.steps++
    await this.#run(ranges.length - 1, {
      kind: 'update',
      learner: index,
      update: {
        optimiser: options.optimiser,
        learningRate: learningRateAt(options, epoch),
        momentum: options.momentum,
        weightDecay: options.weightDecay,
        sparsity: options.sparsity,
        scale: options.gradientClip > 0 ? Math.min(1, options.gradientClip / norm) : 1,
        step: learner.steps,
      },
      average: options.average,
      ranges,
    })
    return total
  }

  #orderOf({ name }: Learner, epoch: number): Uint32Array {
    return new Random(this.options.seed, 'shuffle', name, epoch).permutation(this.#data.training.count)
  }

  #changeOf({ name }: Learner, epoch: number): Change {
    const { augment, seed } = this.options
    return { how: augment, seed: new Random(seed, 'augment', name, epoch).bits() }
  }

  async #fold(kind: 'fold' | 'unfold', learner: number, epoch: number): Promise<void> {
    await this.#run(1, {
      kind,
      learner,
      change: this.#changeOf(this.learners[learner], epoch),
      images: this.#orderOf(this.learners[learner], epoch).slice(0, FOLDED_IMAGES),
    })
  }

  async #validate(index: number): Promise<Pick<EpochReport, ValidationMeasure>> {
    const { count } = this.#data.validation
    if (count === 0) return { cleanError: null, attackError: null, certifiedError: null, unstable: null }
    const size = 20
    const results = await this.#run<ValidateResult>(Math.ceil(count / size), {
      kind: 'validate',
      network: { learner: index, version: this.learners[index].steps, which: 'outcome' },
      epsilon: this.options.epsilon,
      size,
    })
    const sum = (of: (result: ValidateResult) => number) => results.reduce((total, result) => total + of(result), 0)
    const bounded = sum((result) => result.bounded)
    return {
      cleanError: sum((result) => result.cleanErrors) / count,
      attackError: sum((result) => result.attackErrors) / count,
      certifiedError: sum((result) => result.certifiedErrors) / count,
      unstable: bounded > 0 ? sum((result) => result.unstable) / bounded : null,
    }
  }

  /** @returns what the kind of job answers, by part */
  async #run<R>(parts: number, job: TrainingJob): Promise<R[]> {
    return (await collect(this.#crew.run(job, parts))) as R[]
  }
}
