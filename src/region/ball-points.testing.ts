/** Points of balls for soundness tests, extreme ones above all: bounds that leave something out show there first. */
import type { Random } from '../base/random.ts'
import { type Norm, dualNorm } from './norm.ts'

/** A point whose distance from the centre is ε: a corner of the ℓ∞ ball, a vertex of the ℓ1 ball, any of the ℓ2 sphere. */
export function extremePoint(random: Random, centre: ArrayLike<number>, epsilon: number, norm: Norm): Float64Array {
  if (norm === 'linf') return Float64Array.from(centre, (x) => x + (random.integer(2) ? epsilon : -epsilon))
  if (norm === 'l1') {
    const [moved, step] = [random.integer(centre.length), random.integer(2) ? epsilon : -epsilon]
    return Float64Array.from(centre, (x, j) => (j === moved ? x + step : x))
  }
  return pointTowards(
    Float64Array.from(centre, () => random.normal()),
    centre,
    epsilon,
    norm,
  )
}

/** A point of the ball where a linear function with these coefficients is largest. */
export function pointTowards(
  coefficients: ArrayLike<number>,
  centre: ArrayLike<number>,
  epsilon: number,
  norm: Norm,
): Float64Array {
  const size = dualNorm(norm, coefficients)
  let first = true
  return Float64Array.from(centre, (x, j) => {
    const c = coefficients[j]
    if (norm === 'linf') return x + epsilon * Math.sign(c)
    if (norm === 'l2') return size === 0 ? x : x + (epsilon * c) / size
    if (!first || Math.abs(c) !== size) return x
    first = false
    return x + epsilon * Math.sign(c)
  })
}

/** A point inside the ball or on its border. */
export function innerPoint(random: Random, centre: ArrayLike<number>, epsilon: number, norm: Norm): Float64Array {
  const step = Float64Array.from(centre, () => random.normal())
  const length = norm === 'l1' ? step.reduce((sum, v) => sum + Math.abs(v), 0) : norm === 'l2' ? Math.hypot(...step) : 0
  const share = random.uniform()
  return step.map((v, j) => {
    const unit = norm === 'linf' ? random.between(-1, 1) : length === 0 ? 0 : (v / length) * share
    return centre[j] + epsilon * unit
  })
}
