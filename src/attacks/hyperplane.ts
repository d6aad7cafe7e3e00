/**
 * The shortest move onto a hyperplane inside a box:
 *
 *   min ‖δ‖  subject to  ⟨w, δ⟩ = gain,  lower ≤ x + δ ≤ upper
 *
 * Every value moves in the direction of its weight, and by no more than the box leaves it. Under ℓ∞ all move by the same
 * amount λ, under ℓ2 by λ·|w|, until they reach the box: what is gained is then concave and piecewise linear in λ, and
 * Newton's method from λ = 0 comes to the solution from below, in finitely many steps. Under ℓ1 the values of the largest
 * weights move as far as they can, one after the other. Where the box lets no point reach the hyperplane, the move ends
 * at the box's corner that is nearest to it. Source: Croce & Hein 2020, "Minimally distorted adversarial examples with a
 * fast adaptive boundary attack", Section 2.2.
 */
import type { Room } from '../region/ball-steps.ts'
import type { Norm } from '../region/norm.ts'

export interface Hyperplane {
  readonly weights: Float64Array
  /** ⟨w, δ⟩ that is wanted: of either sign. */
  readonly gain: number
}

/** @param from a point of the box @returns δ */
export function moveOnto({ weights, gain }: Hyperplane, from: Float64Array, norm: Norm, room: Room): Float64Array {
  const towards = weights.map((weight) => (gain < 0 ? -weight : weight))
  const caps = towards.map((weight, i) =>
    weight > 0 ? room.upper[i]! - from[i]! : weight < 0 ? from[i]! - room.lower[i]! : 0,
  )
  const sizes = towards.map(Math.abs)
  const moves = norm === 'l1' ? greedily(sizes, caps, Math.abs(gain)) : evenly(norm, sizes, caps, Math.abs(gain))
  return moves.map((move, i) => (towards[i]! < 0 ? -move : move))
}

/** A share of the gain that may be missing: rounding would not let it come nearer. */
const CLOSE = 1e-12

function evenly(norm: 'linf' | 'l2', sizes: Float64Array, caps: Float64Array, gain: number): Float64Array {
  const rates = norm === 'linf' ? sizes.map((size) => (size > 0 ? 1 : 0)) : sizes
  for (let lambda = 0; ;) {
    let [reached, slope] = [0, 0]
    for (let i = 0; i < sizes.length; i++) {
      const move = lambda * rates[i]!
      reached += sizes[i]! * Math.min(move, caps[i]!)
      if (move < caps[i]!) slope += sizes[i]! * rates[i]!
    }
    const further = lambda + (slope > 0 ? (gain - reached) / slope : 0)
    if (!(gain - reached > CLOSE * gain && further > lambda))
      return rates.map((rate, i) => Math.min(lambda * rate, caps[i]!))
    lambda = further
  }
}

function greedily(sizes: Float64Array, caps: Float64Array, gain: number): Float64Array {
  const moves = new Float64Array(sizes.length)
  let left = gain
  for (const i of [...sizes.keys()].toSorted((a, b) => sizes[b]! - sizes[a]!)) {
    if (!(left > 0) || !(sizes[i]! > 0)) break
    moves[i] = Math.min(caps[i]!, left / sizes[i]!)
    left -= sizes[i]! * moves[i]!
  }
  return moves
}
