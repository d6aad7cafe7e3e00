/**
 * Regions of inputs that are the part of a box in an ℓ2 or ℓ1 ball: the least of a linear function over them, and points
 * in them. For batches of functions the same is in src/device/wasm/assembly/input-ball.ts, where the formula is explained.
 */
import { type RoundNorm, shrinkIntoBall } from './ball-steps.ts'
import type { InputRegion } from './question.ts'

/** All x with ‖x − centre‖ ≤ radius, in the units of the network's input. */
export interface NormBall {
  readonly norm: RoundNorm
  readonly centre: Float64Array
  /** ≥ 0. */
  readonly radius: number
}

/** How far the box reaches from the ball's centre to both sides, rounded up. */
export interface Reach {
  readonly below: Float64Array
  readonly above: Float64Array
}

export function reachOf({ centre }: NormBall, { lower, upper }: InputRegion): Reach {
  const up = 1 + 2 ** -52
  return {
    below: centre.map((c, i) => (c - lower[i]) * up),
    above: centre.map((c, i) => (upper[i] - c) * up),
  }
}

/**
 * What Σ coefficient · (x − centre) can lose over the region, ≥ 0: a linear function is at least what it is at the
 * centre less this. Exact but for rounding, of which it takes at most 2n + 20 operations, relative to Σ |coefficient| ·
 * reach.
 */
export function lossOver({ norm, radius }: NormBall, { below, above }: Reach, coefficients: Float64Array): number {
  const sizes = coefficients.map(Math.abs)
  const reaches = coefficients.map((c, j) => (c > 0 ? below[j] : above[j]))
  const box = sizes.reduce((sum, size, j) => sum + size * reaches[j], 0)
  const level = norm === 'l1' ? sumLevel(sizes, reaches, radius) : squareLevel(sizes, reaches, radius)
  let [squares, most, rest] = [1e-290, 0, 0]
  sizes.forEach((size, j) => {
    const part = Math.min(size, norm === 'l1' ? level : level * reaches[j])
    squares += part * part
    most = Math.max(most, part)
    rest += (size - part) * reaches[j]
  })
  return Math.min(box, radius * (norm === 'l1' ? most : Math.sqrt(squares)) + rest)
}

/** The least level λ with Σ reach ≤ radius over all sizes > λ. */
function sumLevel(sizes: Float64Array, reaches: Float64Array, radius: number): number {
  let left = radius
  for (const j of sizes.map((_, i) => i).toSorted((a, b) => sizes[b] - sizes[a])) {
    left -= reaches[j]
    if (left < 0) return sizes[j]
  }
  return 0
}

/** The level λ at which Σ min(size/λ, reach)² = radius², by Newton's method from above; 0 if there is none. */
function squareLevel(sizes: Float64Array, reaches: Float64Array, radius: number): number {
  if (radius === 0) return 1e300
  let level = Math.sqrt(sizes.reduce((sum, size) => sum + size * size, 0)) / radius
  for (;;) {
    let [left, squares] = [radius * radius, 0]
    sizes.forEach((size, j) => {
      if (size >= level * reaches[j]) left -= reaches[j] ** 2
      else squares += size * size
    })
    const next = Math.sqrt(squares / left)
    if (!(left > 0 && next < level)) return level
    level = next
  }
}

/** How far a point is from the ball's centre, rounded up. */
export function distanceIn({ norm, centre }: NormBall, point: Float64Array): number {
  const moves = point.map((x, j) => x - centre[j])
  const distance =
    norm === 'l1'
      ? moves.reduce((sum, move) => sum + Math.abs(move), 0)
      : Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0))
  return distance * (1 + (point.length + 16) * 2 ** -52)
}

/** A point moved into the region: first into the box, then towards the ball's centre. Points inside hardly move. */
export function moveInto({ lower, upper, ball }: InputRegion, point: Float64Array): Float64Array {
  const clamped = (x: Float64Array) => x.map((value, i) => Math.min(upper[i], Math.max(lower[i], value)))
  if (!ball) return clamped(point)
  // again: on the way to the centre sums are rounded
  return clamped(shrinkIntoBall(ball.norm, ball.centre, ball.radius, clamped(point)))
}
