/**
 * Where the inputs of a question may lie: a box, or the part of a box in an ℓ2 or ℓ1 ball, {x : lower ≤ x ≤ upper,
 * ‖x − centre‖ ≤ radius}. How a point is moved into it.
 */
import { type Ball, lowerEnd, upperEnd } from './ball.ts'
import { requirePixels } from './domain.ts'
import type { RoundNorm } from './norm.ts'

/** All x with lower ≤ x ≤ upper, input by input. */
export interface Box {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** All x with ‖x − centre‖ ≤ radius, in the units of the network's input. */
export interface RoundBall {
  readonly norm: RoundNorm
  readonly centre: Float64Array
  /** ≥ 0. */
  readonly radius: number
}

/** A box of inputs, in the units of the network's input, or its part in a ball. */
export interface Region extends Box {
  /** Its centre is in the box. The tighter the box around it, the tighter the bounds. */
  readonly ball?: RoundBall | undefined
}

/**
 * The ball around an image. Under ℓ∞ it is a box; under ℓ2 and ℓ1 it is the part of the box around the ball, cut at
 * [0, 1] or not, that lies in the ball. The box contains every point of the ball, and no point that is further than
 * 4e-16 outside of the ℓ∞ ball.
 * @param image pixel values in [0, 1]
 * @throws UserError if the domain is 'pixels' and a pixel is not in [0, 1]: the ball's centre would be outside
 */
export function imageRegion(image: ArrayLike<number>, ball: Ball): Region {
  const { epsilon, norm, domain } = ball
  if (domain === 'pixels') requirePixels(image)
  const box = {
    lower: Float64Array.from(image, (pixel, i) => lowerEnd(pixel, ball, i)),
    upper: Float64Array.from(image, (pixel, i) => upperEnd(pixel, ball, i)),
  }
  return norm === 'linf' ? box : { ...box, ball: { norm, centre: Float64Array.from(image), radius: epsilon } }
}

/** A point moved into the region: first into the box, then towards the ball's centre. Points inside hardly move. */
export function moveInto({ lower, upper, ball }: Region, point: Float64Array): Float64Array {
  const clamped = (x: Float64Array) => x.map((value, i) => Math.min(upper[i], Math.max(lower[i], value)))
  if (!ball) return clamped(point)
  // again: on the way to the centre sums are rounded
  return clamped(shrinkIntoBall(ball, clamped(point)))
}

/**
 * A point on the line from the centre to `point`, moved only as far as the ball asks for, and in it for certain: it
 * moves inwards by all that rounding may do, a part in 10¹² or so.
 */
export function shrinkIntoBall({ norm, centre, radius }: RoundBall, point: Float64Array): Float64Array {
  const moves = point.map((x, j) => x - centre[j])
  const unit = 2 ** -52
  const most = lengthIn(norm, moves) * (1 + (point.length + 16) * unit)
  // each sum below is rounded by half a unit of what it comes to
  const least = Math.max(0, radius - unit * point.reduce((sum, _, j) => sum + Math.abs(centre[j]) + radius, 0))
  const share = most > least ? least / most : 1
  return moves.map((move, j) => centre[j] + share * move)
}

/** How far a point is from the ball's centre, rounded up. */
export const distanceIn = ({ norm, centre }: RoundBall, point: Float64Array): number =>
  lengthIn(
    norm,
    point.map((x, j) => x - centre[j]),
  ) *
  (1 + (point.length + 16) * 2 ** -52)

/** Up to rounding. */
const lengthIn = (norm: RoundNorm, moves: Float64Array): number =>
  norm === 'l1'
    ? moves.reduce((sum, move) => sum + Math.abs(move), 0)
    : Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0))
