/**
 * Steps of gradient attacks in the unit ball of a norm, cut by a box that holds its centre: coordinates are those of
 * the perturbation over its radius. (PGD under ℓ∞, where the ball is a box itself, works in the engine: see
 * gradient-attack.ts.)
 * Problem: climb a gradient without leaving ball ∩ box. Points stay in both except for rounding; the re-check decides.
 * Sources: Madry et al. 2018 (ℓ2); Tramèr & Boneh 2019, Section 2 (ℓ1: several coordinates at once); Duchi et al. 2008,
 * Figure 1 (projection onto the ℓ1 ball).
 */
import type { Random } from '../base/random.ts'
import type { Norm } from './norm.ts'

/** The ends of the box: lower ≤ 0 ≤ upper. */
export interface Room {
  readonly lower: ArrayLike<number>
  readonly upper: ArrayLike<number>
}

/** Coordinates that one of many ℓ1 steps moves, as a share of all: the steepest alone would take too many steps. */
const MOVED = 0.01

export interface Step {
  readonly norm: Norm
  /** Its length, in the ball's norm. */
  readonly size: number
  readonly room: Room
}

/**
 * One of many steps up the gradient, in place, and back into ball ∩ box.
 * ℓ∞: along its signs. ℓ2: along the gradient. ℓ1: along its largest coordinates that can still move, an equal part of the step each.
 */
export const stepInBall = (point: Float64Array, gradient: Float64Array, step: Step): void =>
  climb(point, gradient, step, step.size / Math.ceil(MOVED * point.length))

/** The only step of an attack. ℓ1: the steepest coordinate takes as much of it as the box lets it, then the next. */
export const leapInBall = (point: Float64Array, gradient: Float64Array, step: Step): void =>
  climb(point, gradient, step, step.size)

/** @param most ℓ1: what one coordinate may take of the step */
function climb(point: Float64Array, gradient: Float64Array, step: Step, most: number): void {
  const { norm, size, room } = step
  if (norm === 'linf') gradient.forEach((g, j) => (point[j] += size * (Math.sign(g) || 0)))
  else if (norm === 'l2') {
    const length = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0))
    if (!(length > 0)) return
    gradient.forEach((g, j) => (point[j] += (size * g) / length))
  } else climbSteepest(point, gradient, step, most)
  moveIntoBall(norm, point, room)
}

/** Into the box, then into the ball, in place. */
export function moveIntoBall(norm: Norm, point: Float64Array, room: Room): void {
  // both moves towards the centre, which lies in both sets: what the first one reached is not lost
  point.forEach((x, j) => (point[j] = Math.min(room.upper[j], Math.max(room.lower[j], x))))
  project(norm, point)
}

/** The length of a vector in a norm. */
export function lengthIn(norm: Norm, vector: ArrayLike<number>): number {
  let length = 0
  for (let j = 0; j < vector.length; j++) {
    const size = Math.abs(vector[j])
    length = norm === 'linf' ? Math.max(length, size) : length + (norm === 'l2' ? size * size : size)
  }
  return norm === 'l2' ? Math.sqrt(length) : length
}

/** Shares `size` among the largest coordinates of the gradient, at most `most` for each, and none leaves the box. */
function climbSteepest(point: Float64Array, gradient: Float64Array, { size, room }: Step, most: number): void {
  const order = gradient.map((_, j) => j).toSorted((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]))
  let left = size
  for (const j of order) {
    const g = gradient[j]
    if (!(left > 0) || !(Math.abs(g) > 0)) return
    const space = g > 0 ? room.upper[j] - point[j] : point[j] - room.lower[j]
    const move = Math.min(left, most, Math.max(0, space))
    point[j] += Math.sign(g) * move
    left -= move
  }
}

/** To the nearest point of the unit ball, in place. No coordinate moves away from 0. */
export function project(norm: Norm, point: Float64Array): void {
  if (norm === 'linf') {
    point.forEach((x, j) => (point[j] = Math.min(1, Math.max(-1, x))))
    return
  }
  if (norm === 'l2') {
    const length = Math.sqrt(point.reduce((sum, x) => sum + x * x, 0))
    if (length > 1) point.forEach((x, j) => (point[j] = x / length))
    return
  }
  const sizes = point.map(Math.abs)
  if (!(sizes.reduce((a, b) => a + b, 0) > 1)) return
  // all shrink by the same amount, down to 0; the largest of them decide by how much
  let [sum, taken] = [0, 0]
  for (const [k, size] of sizes.toSorted((a, b) => b - a).entries()) {
    sum += size
    const by = (sum - 1) / (k + 1)
    if (size <= by) break
    taken = by
  }
  sizes.forEach((size, j) => (point[j] = Math.sign(point[j]) * Math.max(0, size - taken)))
}

/** Uniform in the unit ball of that many dimensions. Sources: Muller 1959 (ℓ2), Barthe et al. 2005 (ℓ1). */
export function randomInBall(norm: Norm, dimensions: number, random: Random): Float64Array {
  if (norm === 'linf') return Float64Array.from({ length: dimensions }, () => random.between(-1, 1))
  if (norm === 'l2') {
    const point = Float64Array.from({ length: dimensions }, () => random.normal())
    const length = Math.sqrt(point.reduce((sum, x) => sum + x * x, 0))
    const radius = random.uniform() ** (1 / dimensions)
    return point.map((x) => (length > 0 ? (radius * x) / length : 0))
  }
  const exponential = () => -Math.log(1 - random.uniform())
  const sizes = Float64Array.from({ length: dimensions }, exponential)
  const whole = sizes.reduce((a, b) => a + b, exponential())
  return sizes.map((size) => (random.integer(2) === 0 ? size : -size) / whole || 0)
}
