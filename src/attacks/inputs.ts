/** What attacks and certificates are run on: a range of a data set that fits a network. */
import type { Executor } from '../jobs/executor.ts'
import { type Ball, type BallOptions, requireBall } from '../region/ball.ts'
import { checkDataset } from '../data/dataset-of.ts'
import { type Dataset, pixelsAt } from '../data/dataset.ts'
import { UserError, requireWhole } from '../base/errors.ts'
import { checkParameters } from '../model/checked.ts'
import { formatShape, sizeOf } from '../model/layers.ts'
import { type Architecture, type Network, countClasses } from '../model/network.ts'
import { planStages } from '../model/stages.ts'

/** Images per pass through the engine: as many as one SIMD vector has lanes. */
export const IMAGES_PER_PASS = 4
/** Images per part of a job. */
export const IMAGES_PER_PART = 20
/** The same where an image takes seconds: enough to keep a pass full, and few enough to share among workers. */
export const SLOW_IMAGES_PER_PART = 2 * IMAGES_PER_PASS

/** The ball around each image, which images, and who works on them. */
export interface RangeOptions extends BallOptions {
  /** Images `first` to `last` − 1. */
  readonly first: number
  readonly last: number
  readonly seed: number
  /** By default the calling thread. */
  readonly executor?: Executor | undefined
  /** Ends the run, which then throws its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Checks a run's input before anything is computed.
 * @returns the ball around each image
 * @throws UserError for a data set that does not fit the network, a network that the bounds cannot take, and a wrong ball,
 *   range or seed
 */
export function checkInputs(network: Network, dataset: Dataset, options: RangeOptions): Ball {
  checkNetwork(network, dataset)
  return checkRange(dataset, options)
}

/** @throws UserError for a wrong ball, range or seed */
export function checkRange(dataset: Dataset, options: RangeOptions): Ball {
  const { first, last, seed } = options
  const ball = requireBall(options, sizeOf(dataset.shape))
  requireWhole('the seed', seed, 0, Number.MAX_SAFE_INTEGER)
  if (!(Number.isInteger(first) && Number.isInteger(last) && 0 <= first && first < last && last <= dataset.count)) {
    throw new UserError(
      `there are no images ${first} to ${last} (excluded) in ${dataset.name}: it has images 0 to ${dataset.count - 1}`,
    )
  }
  return ball
}

/** @throws UserError for a network that the bounds cannot take, and a data set that is damaged or does not fit it */
export function checkNetwork({ architecture, parameters }: Network, dataset: Dataset): void {
  const { name, layers } = architecture
  const affine = layers.map(({ kind }) => !['normalise', 'flatten', 'relu'].includes(kind))
  if (layers.slice(0, affine.indexOf(true)).some(({ kind }) => kind === 'relu') || !affine.includes(true)) {
    throw new UserError(
      `${name} has a ReLU before its first convolution, linear layer or pool: such networks are not supported`,
    )
  }
  if (layers.slice(affine.lastIndexOf(true)).some(({ kind }) => kind === 'relu')) {
    throw new UserError(`${name} has a ReLU after its last convolution or linear layer: remove it, logits have none`)
  }
  try {
    planStages(architecture)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${name} is a network that the engine does not take: ${error.message}`)
  }
  checkParameters({ architecture, parameters })
  checkDataset(dataset)
  checkFits(architecture, dataset)
}

function checkFits(architecture: Architecture, dataset: Dataset): void {
  const classes = countClasses(architecture)
  if (formatShape(architecture.input) === formatShape(dataset.shape) && classes === dataset.classes) return
  throw new UserError(
    `the network ${architecture.name} takes ${formatShape(architecture.input)} images of ${classes} classes, but ` +
      `${dataset.name} has ${formatShape(dataset.shape)} of ${dataset.classes}: choose another network or data set`,
  )
}

/** Pixels and labels of some images, for `loadChunk`. */
export const examples = (dataset: Dataset, indices: readonly number[]) => ({
  images: indices.map((i) => pixelsAt(dataset, i)),
  labels: indices.map((i) => dataset.labels[i]),
})

/** Indices `first` to `last` − 1 that part `part` has. */
export function indicesOfPart(
  part: number,
  { first, last }: Pick<RangeOptions, 'first' | 'last'>,
  perPart = IMAGES_PER_PART,
): number[] {
  const start = first + part * perPart
  return Array.from({ length: Math.min(perPart, last - start) }, (_, i) => start + i)
}

export const countParts = ({ first, last }: Pick<RangeOptions, 'first' | 'last'>, perPart = IMAGES_PER_PART): number =>
  Math.ceil((last - first) / perPart)

export interface Timed<R> {
  readonly value: R
  /** Its share of the pass that it was part of. */
  readonly seconds: number
}

/** Does `work` on a few items at a time, as many as one pass takes, and says how long each took. */
export function inPasses<T, R>(
  items: readonly T[],
  work: (items: readonly T[]) => readonly R[],
  perPass = IMAGES_PER_PASS,
): Timed<R>[] {
  const results: Timed<R>[] = []
  for (let i = 0; i < items.length; i += perPass) {
    const pass = items.slice(i, i + perPass)
    const started = performance.now()
    const values = work(pass)
    const seconds = (performance.now() - started) / 1000 / pass.length
    results.push(...values.map((value) => ({ value, seconds })))
  }
  return results
}
