/**
 * Square attack: random search that knows logits alone. It repaints squares of the image, keeps what makes the margin
 * smaller, and paints smaller and smaller ones.
 *
 *   ℓ∞: all values of a square move to the same end of the ball, one sign per channel; it starts with stripes.
 *   ℓ2: two windows; the length of both, and what of the ball is unused, goes into the first one: see square-l2.ts.
 *   ℓ1: not in the paper.
 *
 * Sound: what it finds counts once float64 has confirmed it. Complete: no.
 * Source: Andriushchenko et al. 2020, Algorithms 1 and 2, its schedule stretched to the number of queries.
 */
import type { Random } from '../base/random.ts'
import type { Shape } from '../model/layers.ts'
import { moveIntoBall } from '../region/ball-steps.ts'
import type { Attack, Victim } from './dialogue.ts'
import { judge } from './recheck.ts'
import { repaintedL2, tiles } from './square-l2.ts'

/** @param queries points that are tried, the start among them */
export function* square(victim: Victim, queries: number): Attack {
  const { label, norm, shape, room } = victim
  const random = victim.random('square')
  const paint = norm === 'l2' ? repaintedL2 : repainted
  const inside = (point: Float64Array) => {
    moveIntoBall(norm, point, room)
    return point
  }
  let best = inside(norm === 'l2' ? tiles(shape, random) : stripes(shape, random))
  let least = judge((yield { at: best }).logits, label).margin
  for (let query = 1; query < queries; query++) {
    const at = inside(paint(best, shape, shareOf(query / queries), random))
    const { margin } = judge((yield { at }).logits, label)
    if (margin < least) [best, least] = [at, margin]
  }
}

/** Of 10,000 queries: after these, the squares have half of the area that they had before. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000]

/** The share of the image that a square covers: 0.8 at first. @param done share of the queries */
export const shareOf = (done: number): number =>
  0.8 / 2 ** HALVINGS.filter((at) => Math.floor(10_000 * done) > at).length

/** Columns of a pixel's width, each with a sign of its own per channel. */
function stripes({ channels, height, width }: Shape, random: Random): Float64Array {
  const point = new Float64Array(channels * height * width)
  for (let c = 0; c < channels; c++) {
    for (let x = 0; x < width; x++) {
      const end = random.sign()
      for (let y = 0; y < height; y++) point[(c * height + y) * width + x] = end
    }
  }
  return point
}

/** One square at an end of the ball. */
function repainted(
  best: Float64Array,
  { channels, height, width }: Shape,
  share: number,
  random: Random,
): Float64Array {
  const point = best.slice()
  const side = Math.min(height, width, Math.max(1, Math.round(Math.sqrt(share * height * width))))
  const [top, left] = [random.integer(height - side + 1), random.integer(width - side + 1)]
  for (let c = 0; c < channels; c++) {
    const end = random.sign()
    for (let y = top; y < top + side; y++) {
      const row = (c * height + y) * width
      point.fill(end, row + left, row + left + side)
    }
  }
  return point
}
