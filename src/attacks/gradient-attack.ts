/**
 * Gradient attacks on a chunk: FGSM (Goodfellow et al. 2015) is one full step from the image, PGD (Madry et al. 2018)
 * many smaller ones from random starts, each projected back into the domain. Under ℓ∞ a step follows the gradient's
 * signs, under ℓ2 and ℓ1 see ball-steps.ts.
 * Problem: find x' in the domain that is misclassified. Complete: no. What is found counts once `recheck` has run it.
 */
import type { Chunk } from '../bounds/chunk.ts'
import type { Domain } from '../region/domain.ts'
import type { Interval } from '../device/device.ts'
import { Random } from '../base/random.ts'
import { Tape, type Tensor } from '../device/tape.ts'
import { forward } from '../device/forward.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
import { softMargin } from './losses.ts'
import { judge } from './recheck.ts'
import { leapInBall, randomInBall, stepInBall } from '../region/ball-steps.ts'

export interface AttackOptions {
  readonly steps: number
  /** Length of a step as a fraction of the ball's radius. */
  readonly stepSize: number
  readonly restarts: number
  /** Start at a random point of the domain, or at the image. */
  readonly randomStart: boolean
  readonly domain: Domain
  readonly seed: number
}

export const fgsm = (domain: Domain, seed = 0): AttackOptions => ({
  steps: 1,
  stepSize: 1,
  restarts: 1,
  randomStart: false,
  domain,
  seed,
})

export const pgd = (domain: Domain, seed = 0): AttackOptions => ({
  steps: 40,
  stepSize: 0.1,
  restarts: 1,
  randomStart: true,
  domain,
  seed,
})

/**
 * Climbs the cross-entropy by the steepest steps of the chunk's norm. An example's result depends on its image, label, ball, identifier
 * and the options, not on what else is in its chunk.
 * @param chunk whole balls: their part in the domain is taken here
 * @param identifiers names each example's random stream, e.g. its index in the data set
 * @returns the points of smallest margin found (starts and steps alike), normalised, [input][example]
 */
export function attackChunk(
  network: LoadedNetwork,
  chunk: Chunk,
  options: AttackOptions,
  identifiers: readonly number[],
): Tensor {
  const { device, stages } = network
  const { columns, count, ball, labels } = chunk
  const classes = stages.at(-1)!.outputShape.channels
  const length = ball.centre.length
  const worst = device.tensorFrom(ball.centre.read())
  const kept = device.mark()
  const smallest = new Float64Array(count).fill(Infinity)
  const point = device.tensor(length)
  const box = boxOf(network, chunk, options.domain)

  for (let restart = 0; restart < options.restarts; restart++) {
    start(chunk, point, { options, identifiers, restart, box })
    for (let step = 0; step <= options.steps; step++) {
      const mark = device.mark()
      const tape = new Tape()
      const images = point.detached()
      const logits = forward(network, tape, images, { columns, input: true, weights: false })
      const isBetter = labels.map((label, e) => {
        const margin = ascend(logits, { classes, first: e, step: columns }, label)
        const better = margin < smallest[e]
        if (better) smallest[e] = margin
        return better
      })
      device.climb.keep(isBetter, columns, point, worst)
      if (step < options.steps) {
        tape.backward()
        if (chunk.norm === 'linf') device.climb.step(images, ball.radius, options.stepSize, box)
        else climbBall(chunk, images, options, box)
      }
      device.release(mark)
    }
  }
  device.release(kept)
  return worst
}

/** One ℓ2 or ℓ1 step of all examples, up the gradient of `point`. */
function climbBall(
  { ball, columns, count, norm }: Chunk,
  point: Tensor,
  { stepSize, steps }: AttackOptions,
  box: Interval,
): void {
  if (norm === 'linf') return
  const gradient = point.gradient.view()
  const [at, centre, radius] = [point.view(), ball.centre.view(), ball.radius.view()]
  const [lower, upper] = [box.lower.view(), box.upper.view()]
  const inputs = point.length / columns
  for (let e = 0; e < count; e++) {
    const r = (i: number) => radius[i * columns + e]
    // over the radius: as the unit ball has it; a ball of radius 0 has one point
    const shares = (values: Float32Array) =>
      Float64Array.from({ length: inputs }, (_, i) =>
        r(i) > 0 ? (values[i * columns + e] - centre[i * columns + e]) / r(i) : 0,
      )
    const moved = shares(at)
    const slopes = Float64Array.from({ length: inputs }, (_, i) => gradient[i * columns + e] * r(i))
    const room = { lower: shares(lower), upper: shares(upper) }
    const stepTo = steps === 1 ? leapInBall : stepInBall
    stepTo(moved, slopes, { norm, size: stepSize, room })
    moved.forEach((share, i) => {
      const j = i * columns + e
      at[j] = Math.min(upper[j], Math.max(lower[j], centre[j] + share * r(i)))
    })
  }
}

/**
 * Writes the direction in which an example's cross-entropy grows into the logits' gradient: see `softMargin`.
 * @param place where the example's logits lie: that of class c at `first + c · step`
 * @returns the margin z_label − max(other logits)
 */
function ascend(
  logits: Tensor,
  { classes, first, step }: { readonly classes: number; readonly first: number; readonly step: number },
  label: number,
): number {
  const gradient = logits.gradient.view()
  const z = logits.view()
  const scores = Float64Array.from({ length: classes }, (_, c) => z[first + c * step])
  const slopes = new Float64Array(classes)
  softMargin(label)(scores, slopes)
  slopes.forEach((slope, c) => (gradient[first + c * step] = slope))
  return judge(scores, label).margin
}

/** The box around the ball, and its part in the domain, in normalised units. */
function boxOf(
  { device, architecture, normalisation }: LoadedNetwork,
  { ball, columns }: Chunk,
  domain: Domain,
): Interval {
  const { length } = ball.centre
  const box = { lower: device.tensor(length), upper: device.tensor(length) }
  const area = architecture.input.height * architecture.input.width * columns
  normalisation.forEach(({ mean, deviation }, c) => {
    const [low, high] = domain === 'pixels' ? [(0 - mean) / deviation, (1 - mean) / deviation] : [-Infinity, Infinity]
    device.climb.boxEnds(ball, box, { first: c * area, count: area, low, high })
  })
  return box
}

/** Where a restart begins. */
interface Start {
  readonly options: AttackOptions
  readonly identifiers: readonly number[]
  readonly restart: number
  readonly box: Interval
}

function start(
  { columns, count, ball, norm }: Chunk,
  point: Tensor,
  { options, identifiers, restart, box }: Start,
): void {
  const [at, centre, radius] = [point.view(), ball.centre.view(), ball.radius.view()]
  const [lower, upper] = [box.lower.view(), box.upper.view()]
  at.set(centre)
  if (!options.randomStart) return
  for (let e = 0; e < count; e++) {
    const random = new Random(options.seed, 'attack', identifiers[e], restart)
    const share = norm === 'linf' ? undefined : randomInBall(norm, point.length / columns, random)
    for (let j = e, i = 0; j < point.length; j += columns, i++) {
      at[j] = share
        ? Math.min(upper[j], Math.max(lower[j], centre[j] + share[i] * radius[j]))
        : random.between(lower[j], upper[j])
    }
  }
}
