/**
 * The least of a linear function over the part of a box in an ℓ2 or ℓ1 ball: its value at the centre less what it can
 * lose, min over a split of the coefficients c = a + b of radius·‖a‖ (dual norm) + Σ |b_j| · reach_j.
 * Sound: yes, rounding included. Complete: exact except for rounding. For batches of functions the same is in
 * src/device/wasm/assembly/input-ball.ts, where the formula is explained.
 */
import type { Box, RoundBall } from './region.ts'

/** How far the box reaches from the ball's centre to both sides, rounded up. */
export interface Reach {
  readonly below: Float64Array
  readonly above: Float64Array
}

export function reachOf({ centre }: RoundBall, { lower, upper }: Box): Reach {
  const up = 1 + 2 ** -52
  return {
    below: centre.map((c, i) => (c - lower[i]) * up),
    above: centre.map((c, i) => (upper[i] - c) * up),
  }
}

/**
 * What Σ coefficient · (x − centre) can lose over the region, ≥ 0: a linear function is at least what it is at the
 * centre less this. Exact up to rounding, of which there are at most 2n + 20 operations, relative to
 * Σ |coefficient| · reach.
 */
export function lossOver({ norm, radius }: RoundBall, { below, above }: Reach, coefficients: Float64Array): number {
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
