/**
 * Training on a GPU: images, weights and optimisers stay there, and a step is the replay of what was recorded once. What the
 * GPU finds out is read back every so many steps, while it goes on with the next ones.
 */
import { Random } from '../../base/random.ts'
import type { Gpu } from '../../device/webgpu/gpu.ts'
import { batchOf } from '../../device/webgpu/batch.ts'
import { DeviceImages } from '../../device/webgpu/images.ts'
import { Plan } from '../../device/webgpu/plan.ts'
import type { Program } from '../../device/webgpu/program.ts'
import { noStep } from '../../device/webgpu/step.ts'
import { type Records, recordsOf } from '../../device/webgpu/statistics.ts'
import { diverged } from '../diverged.ts'
import type { Progress, Totals } from '../epoch-report.ts'
import type { Learner } from '../learner.ts'
import { lossOf } from '../losses/list.ts'
import { type LossResult, addResults, noResult } from '../losses/loss.ts'
import { asTrained } from '../normalised.ts'
import type { TrainingOptions } from '../settings.ts'
import type { Moment } from '../step.ts'
import type { TrainingData } from '../training-data.ts'
import { type Gathering, foldGathered } from './batch-norm.ts'
import { type Validation, measureOf } from '../work/validate.ts'
import { DeviceLearner } from './device-learner.ts'
import { estimated, recordEstimate } from './estimate.ts'
import { type Column, columns } from './loss.ts'
import { type Fit, fittingSize } from './micro-batch.ts'
import { type BatchData, recordGradient, recordMoments, recordUpdate } from './record.ts'
import { microBatches, stepAt } from './step.ts'
import { type Variant, variantAt } from './variant.ts'

/** Most steps between two times that statistics are read. */
const MOST_STEPS = 32

/** A window of steps grows until it takes so many milliseconds. */
const WINDOW = 100

/** Micro-batches in one submission: each has a place in the ring of steps. */
const AT_ONCE = 100

/** Programs by name: 'pack f', 'update f', and gradients by their variant. */
type Programs = ReadonlyMap<string, Program>

interface Prepared {
  readonly programs: Programs
  readonly plans: readonly Plan[]
  /** Examples at once. */
  readonly size: number
}

export class BatchTrainer {
  readonly #gpu: Gpu
  readonly #options: TrainingOptions
  readonly #data: TrainingData
  readonly #learners: readonly Learner[]
  readonly #onDevice: readonly DeviceLearner[]
  readonly #batchData: BatchData
  readonly #records: Records
  readonly #validation: BatchData
  readonly #estimates: Records
  readonly #shares: Float32Array | undefined
  /** In an epoch. */
  readonly #steps: number
  #prepared: Promise<Prepared> | undefined

  constructor(gpu: Gpu, options: TrainingOptions, data: TrainingData, learners: readonly Learner[]) {
    this.#gpu = gpu
    this.#options = options
    this.#data = data
    this.#learners = learners
    this.#steps = Math.ceil(data.training.count / options.batchSize)
    const { epsilon, epsilons, domain } = options
    const home = new Plan(gpu.target)
    this.#onDevice = learners.map((learner) => new DeviceLearner(home, asTrained(data.architecture, options), learner))
    this.#records = recordsOf(home, MOST_STEPS, columns)
    this.#shares = epsilons && Float32Array.from(epsilons, (radius) => (epsilon > 0 ? radius / epsilon : 0))
    this.#batchData = {
      images: new DeviceImages(gpu.target, data.training),
      order: home.kept('order', data.training.count),
      ball: { domain, ...(this.#shares && { shares: home.kept('shares of ε', this.#shares.length) }) },
    }
    const { validation } = data
    this.#estimates = recordsOf(home, 1, estimated)
    this.#validation = {
      ...this.#batchData,
      images: new DeviceImages(gpu.target, validation),
      order: home.kept('order of validation images', validation.count),
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
    if (prepared) this.#gpu.release(prepared.plans)
  }

  /** How the run fits into the GPU, without touching it. @throws UserError if one image does not */
  fit(): Fit<Readonly<Record<string, Plan>>> {
    return fittingSize(this.#options, this.#gpu.target, (size) => this.#plansOf(size))
  }

  async #prepare(): Promise<Prepared> {
    const gpu = this.#gpu
    const { size, plans } = this.fit()
    const compiled = await gpu.compile(Object.values(plans))
    const programs = new Map(Object.keys(plans).map((name, i) => [name, compiled[i]]))
    this.#batchData.images.write(gpu)
    const { count } = this.#data.validation
    if (count > 0) {
      this.#validation.images.write(gpu)
      gpu.write(
        this.#validation.order,
        Uint32Array.from({ length: count }, (_, i) => i),
      )
    }
    const { shares } = this.#batchData.ball
    if (shares) gpu.write(shares, this.#shares!)
    for (const own of this.#onDevice) {
      own.write(gpu)
      gpu.submit([{ program: programs.get(`pack ${own.learner.name}`)!, step: noStep }])
    }
    return { programs, plans: Object.values(plans), size }
  }

  /** Everything that this run does on the GPU. */
  #plansOf(size: number): Readonly<Record<string, Plan>> {
    const plans: Record<string, Plan> = {}
    const plan = (name: string, recorded: (into: Plan) => void) =>
      recorded((plans[name] ??= new Plan(this.#gpu.target)))
    const options = this.#options
    const judged = { options, data: this.#validation, records: this.#estimates }
    this.#onDevice.forEach((own, index) => {
      const { network, outcome, gradient, learner } = own
      const { name } = learner
      plan(`pack ${name}`, (into) => [network, outcome].forEach((one) => one.pack(into)))
      if (this.#data.validation.count > 0) {
        plan(`estimate of ${name}`, (into) =>
          recordEstimate(into, { ...judged, batch: batchOf(size), network: outcome }),
        )
      }
      plan(`update ${name}`, (into) => recordUpdate(into, { ...own, options, records: this.#records }))
      for (const variant of variantsOf(options, name, this.#steps)) {
        const reference = lossOf(variant.method).reference && this.#onDevice[1 - index]?.outcome
        plan(gradientOf(name, variant), (into) =>
          recordGradient(into, {
            ...{ options, variant, network, reference, gradient },
            ...{ batch: batchOf(size), data: this.#batchData, records: this.#records },
          }),
        )
      }
      for (const gathering of own.gatherings) {
        plan(momentsOf(name, gathering), (into) =>
          recordMoments(into, { options, batch: batchOf(size), data: this.#batchData, network: outcome, gathering }),
        )
      }
    })
    return plans
  }

  /** Has the GPU know what came of an epoch: the reference of the other network of a pair. */
  async writeOutcome(index: number): Promise<void> {
    const { programs } = await this.prepare()
    this.#onDevice[index].writeOutcome(this.#gpu)
    this.#gpu.submit([{ program: programs.get(`pack ${this.#learners[index].name}`)!, step: noStep }])
  }

  /** Errors of validation images with what came of an epoch, at the target ε. @throws UserError if the GPU fails */
  async estimate(index: number): Promise<Validation> {
    const { count } = this.#data.validation
    if (count === 0) return measureOf([], 0)
    const { programs, size } = await this.prepare()
    const program = programs.get(`estimate of ${this.#learners[index].name}`)!
    const { epsilon, seed } = this.#options
    const projectionSeed = new Random(seed, 'estimate').bits()
    this.#submitAll(
      microBatches(count, size).map((part, micro) => ({
        program,
        step: { ...noStep, ...part, micro, epsilon, projectionSeed },
      })),
    )
    const [cleanError, attackError, bound] = [...(await this.#gpu.read(this.#estimates.values))].map((n) => n / count)
    // estimates of projections may miss what an attack has found
    const estimatedError = Math.max(attackError, bound)
    return { cleanError, attackError, certifiedError: null, estimatedError, unstable: null }
  }

  /**
   * Batch normalisation: folds the moments of the first images of the last epoch's order into what came of it.
   * @param seed of their augmentation
   */
  async fold(index: number, { images, seed }: { readonly images: number; readonly seed: number }): Promise<void> {
    const { programs, size } = await this.prepare()
    const { learner, gatherings } = this.#onDevice[index]
    const { state, average } = learner
    const folded = learner.folded!
    folded.set(average ?? state.parameters)
    for (const gathering of gatherings) {
      await this.writeOutcome(index)
      const program = programs.get(momentsOf(learner.name, gathering))!
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
    const { programs, size } = await this.prepare()
    const learner = this.#learners[index]
    const { batchSize } = this.#options
    const images = this.#data.training.count
    const steps = this.#steps
    this.#gpu.write(this.#batchData.order, order)
    const programsAt = (step: number) => ({
      gradient: programs.get(
        gradientOf(learner.name, variantAt(this.#options, { epoch, step, steps, name: learner.name })),
      )!,
      update: programs.get(`update ${learner.name}`)!,
    })
    let totals = noResult
    let done = 0
    const finish = (rows: Float32Array) => {
      for (const { result, isFinite } of rowsOf(rows)) {
        if (!isFinite) throw diverged(this.#options, learner, { index, epoch, step: done, steps })
        totals = addResults(totals, result)
        done++
      }
      onProgress?.({
        ...{ epoch: epoch + 1, network: learner.name },
        ...{ done: Math.min(images, done * batchSize), total: images, loss: totals.loss / done },
      })
    }
    const inFlight: Promise<Float32Array>[] = []
    let window = 1
    let started = performance.now()
    for (let first = 0; first < steps;) {
      const end = Math.min(steps, first + window)
      for (let step = first; step < end; step++) {
        const moment = { index, epoch, step, steps }
        this.#submit(moment, { ...programsAt(step), size, record: step - first })
        learner.steps++
      }
      const read = this.#gpu.read(this.#records.values, 0, (end - first) * columns.length)
      // nobody waits for it any more if one before it fails
      read.catch(() => undefined)
      inFlight.push(read)
      first = end
      if (inFlight.length < 2) continue
      finish(await inFlight.shift()!)
      signal?.throwIfAborted()
      if (performance.now() - started < WINDOW) window = Math.min(MOST_STEPS, 2 * window)
      started = performance.now()
    }
    for (const rows of inFlight) finish(await rows)
    signal?.throwIfAborted()
    await this.#onDevice[index].read(this.#gpu)
    return { ...totals, steps, images }
  }

  #submit(
    moment: Moment,
    { gradient, update, size, record }: { gradient: Program; update: Program; size: number; record: number },
  ): void {
    const { batchSize } = this.#options
    const start = moment.step * batchSize
    const examples = Math.min(batchSize, this.#data.training.count - start)
    const step = { ...noStep, ...stepAt(this.#options, this.#learners, moment, examples), record }
    const parts = microBatches(examples, size).map(({ first, count }, micro) => ({
      program: gradient,
      step: { ...step, first: start + first, count, micro },
    }))
    const runs = [...parts, { program: update, step }]
    this.#submitAll(runs)
  }

  #submitAll(runs: Parameters<Gpu['submit']>[0]): void {
    for (let first = 0; first < runs.length; first += AT_ONCE) this.#gpu.submit(runs.slice(first, first + AT_ONCE))
  }
}

/** Names of programs. */
const momentsOf = (name: string, { stage }: Gathering): string => `moments of ${name}, stage ${stage}`
const gradientOf = (name: string, variant: Variant): string => `gradient of ${name}: ${JSON.stringify(variant)}`

/** Of all steps of a run, whichever of them are left: what fits must not depend on where it was stopped. */
function variantsOf(options: TrainingOptions, name: string, steps: number): Variant[] {
  const found = new Map<string, Variant>()
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const at = (step: number) => variantAt(options, { epoch, step, steps, name })
    const [first, last] = [at(0), at(steps - 1)]
    const isOne = gradientOf(name, first) === gradientOf(name, last)
    const all = isOne ? [first] : Array.from({ length: steps }, (_, step) => at(step))
    for (const variant of all) found.set(gradientOf(name, variant), variant)
  }
  return [...found.values()]
}

/** A row of the statistics: what a step has found, and whether the gradient is finite. */
interface Row {
  readonly result: LossResult
  readonly isFinite: boolean
}

function rowsOf(values: Float32Array): Row[] {
  return Array.from({ length: values.length / columns.length }, (_, row) => {
    const own = Object.fromEntries(columns.map((name, i) => [name, values[row * columns.length + i]]))
    const { loss, empiricalLoss, penalty, squares, ...counts } = own as Record<Column, number>
    const total = loss + empiricalLoss + penalty
    return { result: { ...noResult, ...counts, loss: total }, isFinite: Number.isFinite(total + squares) }
  })
}
