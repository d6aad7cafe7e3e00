/**
 * Training on a GPU: images, weights and optimisers stay there, and a step is the replay of what was recorded once. What the
 * GPU finds out is read back every so many steps, while it goes on with the next ones.
 */
import { Random } from '../../base/random.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { DeviceImages } from '../../device/webgpu/images.ts'
import { Plan } from '../../device/webgpu/plan.ts'
import type { Program } from '../../device/webgpu/program.ts'
import { noStep } from '../../device/webgpu/step.ts'
import { recordsOf } from '../../device/webgpu/statistics.ts'
import { diverged } from '../diverged.ts'
import type { Progress, Totals } from '../epoch-report.ts'
import type { Learner } from '../learner.ts'
import { addResults, noResult } from '../losses/loss.ts'
import { asTrained } from '../normalised.ts'
import type { TrainingOptions } from '../settings.ts'
import type { Moment } from '../step.ts'
import type { TrainingData } from '../training-data.ts'
import { type Validation, measureOf } from '../work/validate.ts'
import { foldGathered } from './batch-norm.ts'
import { DeviceLearner } from './device-learner.ts'
import { estimated, isEstimated } from './estimate.ts'
import { columns } from './loss.ts'
import { type Fit, fittingSize } from './micro-batch.ts'
import { type DeviceRun, type Plans, estimateOf, gradientOf, momentsOf, packOf, plansOf, updateOf } from './plans.ts'
import { microBatches, stepAt } from './step.ts'
import { variantAt } from './variant.ts'
import { MOST_STEPS, Windows } from './windows.ts'

/** Micro-batches in one submission: drivers take one that lasts for seconds to hang, and give up the GPU. */
const AT_ONCE = 8

interface Prepared {
  readonly plans: Plans
  /** @param name as in plans.ts */
  readonly programOf: (name: string) => Program
  /** Examples at once. */
  readonly size: number
}

export class BatchTrainer {
  readonly #gpu: Gpu
  readonly #options: TrainingOptions
  readonly #learners: readonly Learner[]
  readonly #run: DeviceRun
  readonly #shares: Float32Array | undefined
  #prepared: Promise<Prepared> | undefined

  constructor(gpu: Gpu, options: TrainingOptions, data: TrainingData, learners: readonly Learner[]) {
    this.#gpu = gpu
    this.#options = options
    this.#learners = learners
    const { epsilon, epsilons, norm } = options
    // of other balls the part in the domain is no box: attacks take it
    const domain = norm === 'linf' ? options.domain : 'unbounded'
    const { training, validation, architecture } = data
    const home = new Plan(gpu.target)
    this.#shares = epsilons && Float32Array.from(epsilons, (radius) => (epsilon > 0 ? radius / epsilon : 0))
    const ball = { domain, ...(this.#shares && { shares: home.kept('shares of ε', this.#shares.length) }) }
    const dataOf = (images: Dataset) => ({
      ...{ images: new DeviceImages(gpu.target, images), order: home.kept('order', images.count), ball },
    })
    this.#run = {
      ...{ options, steps: Math.ceil(training.count / options.batchSize) },
      learners: learners.map((learner) => new DeviceLearner(home, asTrained(architecture, options), learner)),
      ...{ data: dataOf(training), validation: dataOf(validation) },
      ...{ records: recordsOf(home, MOST_STEPS, columns), estimates: recordsOf(home, 1, estimated) },
    }
  }

  /** The name of the GPU. */
  get device(): string {
    return this.#gpu.facts.name
  }

  /**
   * Records and compiles everything, and fills the GPU, once.
   * @throws UserError if one image does not fit, or the driver refuses a kernel
   */
  prepare(): Promise<Prepared> {
    return (this.#prepared ??= this.#prepare())
  }

  /** Gives the GPU's memory back. */
  async close(): Promise<void> {
    const prepared = await this.#prepared?.catch(() => undefined)
    if (prepared) this.#gpu.release(Object.values(prepared.plans))
  }

  /** How the run fits into the GPU, without touching it. @throws UserError if one image does not */
  fit(): Fit<Plans> {
    const { target } = this.#gpu
    return fittingSize(this.#options, target, (size) => plansOf(target, this.#run, size))
  }

  async #prepare(): Promise<Prepared> {
    const gpu = this.#gpu
    const { learners, data, validation } = this.#run
    const { size, plans } = this.fit()
    const compiled = await gpu.compile(Object.values(plans))
    const programs = new Map(Object.keys(plans).map((name, i) => [name, compiled[i]]))
    data.images.write(gpu)
    const { count } = validation.images
    if (isEstimated(this.#options) && count > 0) {
      validation.images.write(gpu)
      gpu.write(
        validation.order,
        Uint32Array.from({ length: count }, (_, i) => i),
      )
    }
    if (data.ball.shares) gpu.write(data.ball.shares, this.#shares!)
    const programOf = (name: string) => programs.get(name)!
    for (const own of learners) {
      own.write(gpu)
      gpu.submit([{ program: programOf(packOf(own.learner.name)), step: noStep }])
    }
    return { plans, programOf, size }
  }

  /** Has the GPU know what came of a learner's epoch: what is validated, and the reference of the other one of a pair. */
  async writeOutcome(index: number): Promise<void> {
    const { programOf } = await this.prepare()
    this.#run.learners[index].writeOutcome(this.#gpu)
    this.#gpu.submit([{ program: programOf(packOf(this.#learners[index].name)), step: noStep }])
  }

  /** Errors of validation images with what came of an epoch, at the target ε. @throws UserError if the GPU fails */
  async estimate(index: number): Promise<Validation> {
    const { count } = this.#run.validation.images
    if (count === 0) return measureOf([], 0)
    const { programOf, size } = await this.prepare()
    const program = programOf(estimateOf(this.#learners[index].name))
    const { epsilon, seed } = this.#options
    const projectionSeed = new Random(seed, 'estimate').bits()
    this.#submitAll(
      microBatches(count, size).map((part, micro) => ({
        program,
        step: { ...noStep, ...part, micro, epsilon, projectionSeed },
      })),
    )
    const counts = await this.#gpu.read(this.#run.estimates.values)
    const [cleanError, attackError, estimatedError] = [...counts].map((wrong) => wrong / count)
    return { cleanError, attackError, certifiedError: null, estimatedError, unstable: null }
  }

  /**
   * Batch normalisation: folds the moments of the first images of the last epoch's order into what came of it.
   * @param seed of their augmentation
   */
  async fold(index: number, { images, seed }: { readonly images: number; readonly seed: number }): Promise<void> {
    const { programOf, size } = await this.prepare()
    const { learner, gatherings } = this.#run.learners[index]
    const { state, average } = learner
    const folded = learner.folded!
    folded.set(average ?? state.parameters)
    for (const gathering of gatherings) {
      await this.writeOutcome(index)
      const program = programOf(momentsOf(learner.name, gathering))
      this.#submitAll(
        microBatches(images, size).map((part, micro) => ({
          program,
          step: { ...noStep, ...part, micro, augmentSeed: seed },
        })),
      )
      await foldGathered(folded, gathering, (values) => this.#gpu.read(values))
    }
  }

  /**
   * Trains one learner for one epoch, of a pair against the other as it is. The learner has its new weights at the end.
   * @param epoch counts from 0
   * @throws UserError if the loss is not finite any more, or the GPU fails; the signal's reason
   */
  async trainEpoch(
    { index, epoch, order }: { readonly index: number; readonly epoch: number; readonly order: Uint32Array },
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Totals> {
    const { size, programOf } = await this.prepare()
    const [options, learner] = [this.#options, this.#learners[index]]
    const { name } = learner
    const { steps, data, records } = this.#run
    const images = data.images.count
    this.#gpu.write(data.order, order)
    // the reference: whoever trains it may have changed it
    for (const other of this.#learners.keys()) if (other !== index) await this.writeOutcome(other)
    let totals = noResult
    let done = 0
    const windows = new Windows(this.#gpu, records, (results) => {
      for (const { isFinite, ...result } of results) {
        if (!isFinite) throw diverged(options, learner, { index, epoch, step: done, steps })
        totals = addResults(totals, result)
        done++
      }
      const sofar = { done: Math.min(images, done * options.batchSize), total: images, loss: totals.loss / done }
      onProgress?.({ epoch: epoch + 1, network: name, ...sofar })
    })
    for (let step = 0; step < steps;) {
      const count = Math.min(windows.size, steps - step)
      for (let record = 0; record < count; record++, step++) {
        const gradient = programOf(gradientOf(name, variantAt(options, { epoch, step, steps, name })))
        const programs = { gradient, update: programOf(updateOf(name)) }
        this.#submit({ index, epoch, step, steps }, { ...programs, size, record })
        learner.steps++
      }
      await windows.end(count)
      signal?.throwIfAborted()
    }
    await windows.drain()
    signal?.throwIfAborted()
    await this.#run.learners[index].read(this.#gpu)
    return { ...totals, steps, images }
  }

  #submit(
    moment: Moment,
    { gradient, update, size, record }: { gradient: Program; update: Program; size: number; record: number },
  ): void {
    const { batchSize } = this.#options
    const start = moment.step * batchSize
    const examples = Math.min(batchSize, this.#run.data.images.count - start)
    const step = { ...noStep, ...stepAt(this.#options, this.#learners, moment, examples), record }
    const parts = microBatches(examples, size).map(({ first, count }, micro) => ({
      program: gradient,
      step: { ...step, first: start + first, count, micro },
    }))
    this.#submitAll([...parts, { program: update, step }])
  }

  #submitAll(runs: Parameters<Gpu['submit']>[0]): void {
    for (let first = 0; first < runs.length; first += AT_ONCE) this.#gpu.submit(runs.slice(first, first + AT_ONCE))
  }
}
