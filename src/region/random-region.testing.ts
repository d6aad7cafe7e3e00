/** Random regions that are the part of a box in a ball, for tests. */
import type { Random } from '../base/random.ts'
import type { RoundNorm } from './norm.ts'
import type { Region } from './region.ts'

/** A box around a ball's centre that fills it, cuts it or lies in it, now and then with inputs that cannot move. */
export function randomRegion(random: Random, inputs: number) {
  const norm = random.integer(2) === 0 ? ('l2' as const) : ('l1' as const)
  const centre = Float64Array.from({ length: inputs }, () => random.between(-1, 1))
  const radius = random.integer(8) === 0 ? 0 : random.between(0.1, 3)
  const isCut = random.integer(3) > 0
  const width = () => (isCut ? [0, random.uniform(), 4][random.integer(3)] : radius)
  return {
    lower: centre.map((c) => c - width()),
    upper: centre.map((c) => c + width()),
    ball: { norm, centre, radius },
  }
}

const lengthOf = (norm: RoundNorm, moves: Float64Array) =>
  norm === 'l1' ? moves.reduce((sum, move) => sum + Math.abs(move), 0) : Math.hypot(...moves)

export const isInside = ({ lower, upper, ball }: Region, x: Float64Array, slack = 0) =>
  x.every((value, i) => value >= lower[i] - slack && value <= upper[i] + slack) &&
  lengthOf(
    ball!.norm,
    x.map((value, i) => value - ball!.centre[i]),
  ) <=
    ball!.radius + slack
