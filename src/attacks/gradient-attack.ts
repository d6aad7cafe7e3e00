/**
 * Gradient attacks under ℓ∞ on a chunk: FGSM (Goodfellow et al. 2015) is one full step from the image, PGD (Madry et
 * al. 2018) many smaller ones from random starts, each projected back into the domain.
 * Problem: find x' in the domain that is misclassified. Complete: no. What is found counts once `recheck` has run it.
 */
import type { Chunk } from '../bounds/chunk.ts'
import type { Domain } from '../bounds/domain.ts'
import type { Engine } from '../engine/engine.ts'
import { Random } from '../engine/random.ts'
import { Tape, Tensor } from '../engine/tape.ts'
import { forward } from '../networks/forward.ts'
import type { LoadedNetwork } from '../networks/load.ts'

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
 * Follows the signs of the cross-entropy's gradient. An example's result depends on its image, label, ball, identifier
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
  const smallest = new Float64Array(count).fill(Infinity)
  const point = Tensor.create(engine, length)
  const box = boxOf(network, chunk, options.domain)

  for (let restart = 0; restart < options.restarts; restart++) {
    start(network, chunk, point, options, identifiers, restart, box)
    for (let step = 0; step <= options.steps; step++) {
      const mark = engine.mark()
      const tape = new Tape()
      const images = new Tensor(point.pointer, length)
      const logits = forward(network, tape, images, columns, { input: true, weights: false })
      for (let e = 0; e < count; e++) {
        const margin = ascend(engine, logits, classes, labels[e]!, e, columns)
        if (!(margin < smallest[e]!)) continue
        smallest[e] = margin
        for (let j = e; j < length; j += columns) {
          engine.f32[(worst.pointer >> 2) + j] = engine.f32[(point.pointer >> 2) + j]!
        }
      }
      if (step < options.steps) {
        tape.backward()
        const gradient = images.gradient(engine) >> 2
        const { f32 } = engine
        const [at, radius] = [point.pointer >> 2, ball.radius.pointer >> 2]
        for (let j = 0; j < length; j++) {
          const moved = f32[at + j]! + Math.sign(f32[gradient + j]!) * options.stepSize * f32[radius + j]!
          f32[at + j] = Math.min(box.upper[j]!, Math.max(box.lower[j]!, moved))
        }
      }
      engine.release(mark)
    }
  }
  return worst
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
  for (let c = 0; c < classes; c++) if (c !== label) largest = Math.max(largest, f32[at + c * columns]!)
  let sum = 0
  for (let c = 0; c < classes; c++) if (c !== label) sum += Math.exp(f32[at + c * columns]! - largest)
  for (let c = 0; c < classes; c++) {
    f32[gradient + c * columns] = c === label ? -1 : Math.exp(f32[at + c * columns]! - largest) / sum
  }
  return f32[at + label * columns]! - largest
}

/** The part of the ball in the domain, in normalised units. */
function boxOf({ engine, architecture, normalisation }: LoadedNetwork, { ball, columns }: Chunk, domain: Domain) {
  const clip = domain === 'pixels'
  const centre = engine.read(ball.centre.pointer, ball.centre.length)
  const radius = engine.read(ball.radius.pointer, ball.radius.length)
  const area = architecture.input.height * architecture.input.width * columns
  const pixel = (j: number) => {
    const { mean, deviation } = normalisation[Math.floor(j / area)]!
    return { low: (0 - mean) / deviation, high: (1 - mean) / deviation }
  }
  return {
    lower: centre.map((c, j) => (clip ? Math.max(pixel(j).low, c - radius[j]!) : c - radius[j]!)),
    upper: centre.map((c, j) => (clip ? Math.min(pixel(j).high, c + radius[j]!) : c + radius[j]!)),
  }
}

function start(
  { engine }: LoadedNetwork,
  { columns, count, ball }: Chunk,
  point: Tensor,
  options: AttackOptions,
  identifiers: readonly number[],
  restart: number,
  box: { lower: Float32Array; upper: Float32Array },
): void {
  const { f32 } = engine
  const [centre, at] = [ball.centre.pointer >> 2, point.pointer >> 2]
  f32.copyWithin(at, centre, centre + point.length)
  if (!options.randomStart) return
  for (let e = 0; e < count; e++) {
    const random = new Random(options.seed, 'attack', identifiers[e]!, restart)
    for (let j = e; j < point.length; j += columns) f32[at + j] = random.between(box.lower[j]!, box.upper[j]!)
  }
}
