/**
 * What a GPU does in a step of training, recorded once: for each micro-batch it loads images, minimises a loss and adds the
 * gradient to that of the step; then the optimiser moves the weights.
 */
import type { Batch } from '../../device/webgpu/batch.ts'
import { type DeviceBall, ballsAround } from '../../device/webgpu/balls.ts'
import { type DeviceImages, type LoadedBatch, loadBatch } from '../../device/webgpu/images.ts'
import type { BatchNetwork } from '../../device/webgpu/network.ts'
import { gradientNorm, updateWeights } from '../../device/webgpu/optimiser.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { type Records, record } from '../../device/webgpu/statistics.ts'
import type { Values } from '../../device/webgpu/values.ts'
import { movesOf } from '../../data/augment.ts'
import { Tape } from '../../device/tape.ts'
import type { TrainingOptions } from '../settings.ts'
import { attackOf } from '../step.ts'
import { type Gathering, foldBatch, gatherBatch } from './batch-norm.ts'
import { cleanErrors } from './empirical.ts'
import { type BatchLossInput, columns } from './loss.ts'
import { batchLosses } from './losses.ts'
import type { Variant } from './variant.ts'

/** What is trained on, on the device. */
export interface BatchData {
  readonly images: DeviceImages
  /** Kept u32: the epoch's permutation of the images. */
  readonly order: Values
  readonly ball: DeviceBall
}

export interface GradientRecording {
  readonly options: TrainingOptions
  readonly variant: Variant
  readonly batch: Batch
  readonly data: BatchData
  readonly network: BatchNetwork
  readonly reference: BatchNetwork | undefined
  /** Kept, as long as the parameters. */
  readonly gradient: Values
  readonly records: Records
}

/** Records the gradient of a micro-batch: over what is there in a step's first one, in addition to it in the others. */
export function recordGradient(plan: Plan, recording: GradientRecording): void {
  const { options, variant, batch, data, network, gradient, records } = recording
  const { normalisation, architecture } = network
  const loaded = loadBatch(plan, { ...data, batch, moves: movesOf[options.augment], normalisation })
  const tape = new Tape()
  const stages = network.stages(plan, true)
  const { folded, behind } = foldBatch(plan, tape, { architecture, stages }, { images: loaded.pixels, batch })
  const input: BatchLossInput = {
    ...recording,
    ...{ loaded, behind },
    ball: { ...loaded, batch },
    attack: attackOf(options, 0),
    attacked: attackedBox(plan, loaded, recording),
    stages: folded,
    tape,
  }
  const sums = batchLosses[variant.method]!(plan, input)
  const found = { ...sums, cleanErrors: sums.cleanErrors ?? cleanErrors(plan, input) }
  // a step before may have had others, in this row
  record(plan, records, Object.fromEntries(ofGradient.map((name) => [name, found[name]])))
  tape.backward()
  network.gatherGradient(plan, stages, gradient)
}

/** What micro-batches find out. */
const ofGradient = columns.filter((name) => name !== 'squares')

/** The balls in which adversarial losses search: those of the images, or wider ones. */
function attackedBox(plan: Plan, { pixels, box }: LoadedBatch, { options, data, batch, network }: GradientRecording) {
  const { attackFactor: factor } = options
  if (factor === 1) return box
  const { normalisation } = network
  return ballsAround(plan, pixels, { ...data.ball, factor }, { shape: data.images.shape, normalisation, batch })
}

export interface MomentsRecording extends Pick<GradientRecording, 'options' | 'batch' | 'data'> {
  /** What an epoch leaves, folded up to the stage. */
  readonly network: BatchNetwork
  readonly gathering: Gathering
}

/** Records how the images of a micro-batch add to the moments of a stage. */
export function recordMoments(plan: Plan, { options, batch, data, network, gathering }: MomentsRecording): void {
  const { normalisation } = network
  const { pixels } = loadBatch(plan, { ...data, batch, moves: movesOf[options.augment], normalisation })
  gatherBatch(plan, network, gathering, { images: pixels, batch })
}

/** What a network's training keeps, all as long as its parameters. */
export interface UpdateRecording {
  readonly options: TrainingOptions
  readonly network: BatchNetwork
  readonly gradient: Values
  readonly first: Values
  readonly second: Values
  readonly average: Values | undefined
  readonly records: Records
}

/** Records the optimiser's step. */
export function recordUpdate(plan: Plan, recording: UpdateRecording): void {
  const { options, network, gradient, first, second, average, records } = recording
  const norm = gradientNorm(plan, gradient)
  record(plan, records, { squares: norm })
  const { parameters } = network
  const trained = { parameters, gradient, first, second, norm, ...(average && { average }) }
  updateWeights(plan, trained, { ...options, averageDecay: options.average })
  network.pack(plan)
}
