/**
 * Gradient attacks on a chunk: FGSM (Goodfellow et al. 2015) is one full step from the image, PGD (Madry et al. 2018)
 * many smaller ones from random starts, each projected back into the domain. Under ℓ∞ a step follows the gradient's
 * signs, under ℓ2 and ℓ1 see ball-steps.ts.
 * Problem: find x' in the domain that is misclassified. Complete: no. What is found counts once `recheck` has run it.
 */
import type { Chunk } from '../bounds/chunk.ts'
import type { Domain } from '../region/domain.ts'
import type { Interval } from '../device/wasm/elementwise.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { at } from '../device/wasm/pointers.ts'
import { Random } from '../base/random.ts'
import { Tape, Tensor } from '../device/tape.ts'
import { forward } from '../device/forward.ts'
import type { LoadedNetwork } from '../device/loaded-network.ts'
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
  const { engine, stages } = network
  const { columns, count, ball, labels } = chunk
  const classes = stages.at(-1)!.outputShape.channels
  const length = ball.centre.length
  const worst = Tensor.create(engine, length)
  engine.f32.copyWithin(worst.pointer >> 2, ball.centre.pointer >> 2, (ball.centre.pointer >> 2) + length)
  const kept = engine.mark()
  const smallest = new Float64Array(count).fill(Infinity)
  const point = Tensor.create(engine, length)
  const isBetter = engine.zeroIntegers(columns)
  const box = boxOf(network, chunk, options.domain)

  for (let restart = 0; restart < options.restarts; restart++) {
    start(network, chunk, point, options, identifiers, restart, box)
    for (let step = 0; step <= options.steps; step++) {
      const mark = engine.mark()
      const tape = new Tape()
      const images = new Tensor(point.pointer, length)
      const logits = forward(network, tape, images, columns, { input: true, weights: false })
      for (let e = 0; e < count; e++) {
        const margin = ascend(engine, logits, classes, labels[e], e, columns)
        engine.i32[(isBetter >> 2) + e] = margin < smallest[e] ? -1 : 0
        if (margin < smallest[e]) smallest[e] = margin
      }
      engine.kernels.copyColumns(length, columns, isBetter, point.pointer, worst.pointer)
      if (step < options.steps) {
        tape.backward()
        const gradient = images.gradient(engine)
        if (chunk.norm === 'linf') {
          engine.kernels.climbBox(
            length,
            point.pointer,
            gradient,
            ball.radius.pointer,
            options.stepSize,
            box.lower.pointer,
            box.upper.pointer,
          )
        } else climbBall(engine, chunk, point, gradient >> 2, options, box)
      }
      engine.release(mark)
    }
  }
  engine.release(kept)
  return worst
}

/** One ℓ2 or ℓ1 step of all examples. */
function climbBall(
  { f32 }: Engine,
  { ball, columns, count, norm }: Chunk,
  point: Tensor,
  gradient: number,
  { stepSize, steps }: AttackOptions,
  box: Interval,
): void {
  if (norm === 'linf') return
  const [at, centre, radius] = [point.pointer >> 2, ball.centre.pointer >> 2, ball.radius.pointer >> 2]
  const [lower, upper] = [box.lower.pointer >> 2, box.upper.pointer >> 2]
  const inputs = point.length / columns
  for (let e = 0; e < count; e++) {
    const r = (i: number) => f32[radius + i * columns + e]
    // over the radius: as the unit ball has it; a ball of radius 0 has one point
    const shares = (value: (at: number) => number) =>
      Float64Array.from({ length: inputs }, (_, i) =>
        r(i) > 0 ? (value(i * columns + e) - f32[centre + i * columns + e]) / r(i) : 0,
      )
    const moved = shares((j) => f32[at + j])
    const slopes = Float64Array.from({ length: inputs }, (_, i) => f32[gradient + i * columns + e] * r(i))
    const room = { lower: shares((j) => f32[lower + j]), upper: shares((j) => f32[upper + j]) }
    const stepTo = steps === 1 ? leapInBall : stepInBall
    stepTo(moved, slopes, { norm, size: stepSize, room })
    moved.forEach((share, i) => {
      const j = i * columns + e
      f32[at + j] = Math.min(f32[upper + j], Math.max(f32[lower + j], f32[centre + j] + share * r(i)))
    })
  }
}

/**
 * Writes the direction in which an example's cross-entropy grows into the logits' gradient: the gradient divided by
 * the probability of error. Its signs at the image are the same, but it does not vanish where the network is sure.
 * @returns the margin z_label − max(other logits)
 */
function ascend(
  engine: Engine,
  logits: Tensor,
  classes: number,
  label: number,
  example: number,
  columns: number,
): number {
  const gradient = (logits.gradient(engine) >> 2) + example
  const { f32 } = engine
  const at = (logits.pointer >> 2) + example
  let largest = -Infinity
  for (let c = 0; c < classes; c++) if (c !== label) largest = Math.max(largest, f32[at + c * columns])
  let sum = 0
  for (let c = 0; c < classes; c++) if (c !== label) sum += Math.exp(f32[at + c * columns] - largest)
  for (let c = 0; c < classes; c++) {
    f32[gradient + c * columns] = c === label ? -1 : Math.exp(f32[at + c * columns] - largest) / sum
  }
  return f32[at + label * columns] - largest
}

/** The box around the ball, and its part in the domain, in normalised units. */
function boxOf(
  { engine, architecture, normalisation }: LoadedNetwork,
  { ball, columns }: Chunk,
  domain: Domain,
): Interval {
  const { length } = ball.centre
  const box = { lower: Tensor.create(engine, length), upper: Tensor.create(engine, length) }
  const area = architecture.input.height * architecture.input.width * columns
  normalisation.forEach(({ mean, deviation }, c) => {
    const [low, high] = domain === 'pixels' ? [(0 - mean) / deviation, (1 - mean) / deviation] : [-Infinity, Infinity]
    const channel = ({ pointer }: Tensor) => at(pointer, c * area)
    engine.kernels.boxEnds(
      area,
      channel(ball.centre),
      channel(ball.radius),
      low,
      high,
      channel(box.lower),
      channel(box.upper),
    )
  })
  return box
}

function start(
  { engine }: LoadedNetwork,
  { columns, count, ball, norm }: Chunk,
  point: Tensor,
  options: AttackOptions,
  identifiers: readonly number[],
  restart: number,
  box: Interval,
): void {
  const { f32 } = engine
  const [centre, at, radius] = [ball.centre.pointer >> 2, point.pointer >> 2, ball.radius.pointer >> 2]
  const [lower, upper] = [box.lower.pointer >> 2, box.upper.pointer >> 2]
  f32.copyWithin(at, centre, centre + point.length)
  if (!options.randomStart) return
  for (let e = 0; e < count; e++) {
    const random = new Random(options.seed, 'attack', identifiers[e], restart)
    const share = norm === 'linf' ? undefined : randomInBall(norm, point.length / columns, random)
    for (let j = e, i = 0; j < point.length; j += columns, i++) {
      f32[at + j] = share
        ? Math.min(f32[upper + j], Math.max(f32[lower + j], f32[centre + j] + share[i] * f32[radius + j]))
        : random.between(f32[lower + j], f32[upper + j])
    }
  }
}
