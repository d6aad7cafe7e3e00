/** What the trainer asks of its workers. All large arrays are shared memory; messages carry names and numbers. */
import type { AttackOptions } from '../attacks/gradient-attack.ts'
import type { Domain } from '../region/domain.ts'
import type { Norm } from '../region/norm.ts'
import type { Augmentation } from '../data/augment.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Architecture } from '../model/network.ts'
import { type Method, lossOf } from './losses/list.ts'
import type { BoundSettings, LossInput, LossResult } from './losses/loss.ts'
import type { Weights } from './learner.ts'
import type { Update } from './optimiser.ts'

/** Given to every worker at its start. */
export interface TrainingData {
  readonly architecture: Architecture
  readonly norm: Norm
  readonly domain: Domain
  /** f, and for pairs g. */
  readonly learners: readonly Weights[]
  /** One flat gradient per chunk of a batch; the first also takes their sum. */
  readonly gradients: readonly Float32Array[]
  readonly training: Dataset
  readonly validation: Dataset
}

/** A network's weights at some moment: workers copy them when the version is new to them. */
export interface Version {
  readonly learner: number
  readonly version: number
  /** Those that are trained, or what comes of them. */
  readonly which: 'trained' | 'outcome'
}

/** How training images are augmented in an epoch. */
export interface Change {
  readonly how: Augmentation
  /** Decides together with an image's index what becomes of it. */
  readonly seed: number
}

/** Task i: the gradient of chunk i of the batch, into `gradients[i]`. */
export interface GradientJob {
  readonly kind: 'gradient'
  readonly network: Version
  readonly reference: Version | undefined
  readonly method: Method
  readonly epsilon: number
  readonly empirical: LossInput['empirical']
  readonly boxShare: number
  readonly lossExponent: number
  readonly regularisation: number
  readonly attack: AttackOptions
  readonly bounds: BoundSettings
  readonly change: Change
  readonly batchNorm: boolean
  /** Indices into the training set; chunk i is `batch[starts[i]]` to `batch[starts[i + 1]]`. */
  readonly batch: Uint32Array
  readonly starts: readonly number[]
}
export type GradientResult = LossResult

/** Task i: sum the chunks' gradients over parameter range i into the first. Result: its sum of squares. */
export interface SumJob {
  readonly kind: 'sum'
  readonly chunks: number
  readonly ranges: readonly number[]
}

/** Task i: take the optimiser's step on parameter range i. */
export interface UpdateJob {
  readonly kind: 'update'
  readonly learner: number
  readonly update: Update
  /** What older weights keep in the average, if there is one. */
  readonly average: number
  readonly ranges: readonly number[]
}

/**
 * One task: 'fold' makes the network of a learner's weights, with the moments of images; 'unfold' replaces a learner's weights,
 * those of a network to start from, by weights that fold to it (batch-norm.ts).
 */
export interface FoldJob {
  readonly kind: 'fold' | 'unfold'
  readonly learner: number
  readonly change: Change
  /** Indices into the training set. */
  readonly images: Uint32Array
}

/** Task i: clean and certified errors of validation images i · size to (i + 1) · size. */
export interface ValidateJob {
  readonly kind: 'validate'
  readonly network: Version
  readonly epsilon: number
  readonly size: number
}
export interface ValidateResult {
  readonly cleanErrors: number
  /** Misclassified, or broken by a hasty attack. */
  readonly attackErrors: number
  readonly certifiedErrors: number
  /** Images that no attack settled: those that got bounds. */
  readonly bounded: number
  /** Share of unstable hidden neurons, summed over these. */
  readonly unstable: number
}

export type TrainingJob = GradientJob | SumJob | UpdateJob | FoldJob | ValidateJob

const isPerExample = (method: Method) => lossOf(method).passes === 'example'

/** Networks whose gradients and values are more than caches hold. */
const isLarge = (parameters: number) => parameters > 1e6

/**
 * Where a batch is cut. A dual pass is per example, and its chunk as many as one SIMD vector has lanes: large chunks
 * first, small ones last, so that workers finish together. Other methods multiply whole chunks, the faster the wider,
 * until the values of a large network leave the cache: a quarter of the batch, up to 8 vectors, or 2.
 * Each has a gradient of its own, so large networks get fewer. The cut depends on the method, the batch's size and the
 * network's, never on the workers, and so does every sum.
 */
export function chunkStarts(batch: number, method: Method, parameters: number): number[] {
  const starts = [0]
  const least = isLarge(parameters) ? 2 : 1
  const wide = Math.min(isLarge(parameters) ? 8 : 32, 4 * Math.ceil(batch / 16))
  for (let left = batch; left > 0;) {
    left -= isPerExample(method) ? Math.min(4, left, Math.max(least, Math.ceil(left / 10))) : Math.min(left, wide)
    starts.push(batch - left)
  }
  return starts
}

/** How many examples of a task are in memory at once: random columns take most of it. */
export const examplesAtOnce = ({ method, bounds }: Pick<GradientJob, 'method' | 'bounds'>): number =>
  isPerExample(method) && (bounds.mode === 'projected' || bounds.mode === 'auto') ? 1 : 32

/** Cuts `length` parameters into a fixed number of ranges. */
export const parameterRanges = (length: number, count = 16): number[] =>
  Array.from({ length: count + 1 }, (_, i) => Math.round((i * length) / count))
