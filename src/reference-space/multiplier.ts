/**
 * The multiplier η over ℓ2 and ℓ1 balls: what the median rule (src/device/wasm/assembly/reference-space.ts) is for ℓ∞.
 *
 * Problem: with u = radius·ν̂ of f and w = radius·q̂ of its reference, h(η) = N(η) − ηt + a linear part, where
 * N(η) = ‖u + ηw‖ in the ball's dual norm, is convex; which t, and which η? The paper takes a t in the middle of those for
 * which the constraint is tight, and the η that is optimal for it. Here N′ runs from D(0), its limit from the right at 0,
 * to D(∞) = ‖w‖, and the middle is m = (D(0) + D(∞))/2: η is where N′ reaches m, and t₀ is such that it is optimal. The
 * paper has no rule for these norms; this one is ours.
 *
 * A subgradient s of the norm at u + ηw with s·w = m turns h(η) at t₀ into s·u + f's own terms, without η or g (the short
 * form). Since s lies in the ball, s·u is never above ‖u‖, which the ordinary bound has in its place.
 */
import type { RoundNorm } from '../region/norm.ts'

/** u that is off the line through w by less than this share of its length is taken to be on it. */
const PARALLEL = 1e-10

export interface Multiplier {
  /** 0 where D(0) is not below D(∞): the constraint is never tight, and the bound is the ordinary one. */
  readonly eta: number
  /** s, per input. */
  readonly subgradient: Float64Array
  /** D(0) and D(∞). */
  readonly lowest: number
  readonly highest: number
}

/** @param u, w radius·ν̂ and radius·q̂, per input */
export const multiplierOf = (norm: RoundNorm, u: Float64Array, w: Float64Array): Multiplier =>
  norm === 'l2' ? overEuclidean(u, w) : overLargest(u, w)

/**
 * ‖·‖₂, in closed form. Let θ be the angle between u and w, and p the part of u at right angles to w. D(0) = ‖w‖cos θ, so
 * m = κ‖w‖ with κ = (cos θ + 1)/2 = cos²(θ/2), and N′ = m where u + ηw = p + κ/√(1 − κ²)·‖p‖·w/‖w‖.
 */
function overEuclidean(u: Float64Array, w: Float64Array): Multiplier {
  const [a, c] = [Math.sqrt(dot(u, u)), Math.sqrt(dot(w, w))]
  if (a === 0 || c === 0) {
    return { eta: 0, subgradient: u.map((v) => (a === 0 ? 0 : v / a)), lowest: a === 0 ? c : 0, highest: c }
  }
  const share = dot(u, w) / (c * c)
  const p = u.map((v, j) => v - share * w[j])
  const distance = Math.sqrt(dot(p, p))
  if (distance <= PARALLEL * a) {
    if (share > 0) return { eta: 0, subgradient: u.map((v) => v / a), lowest: c, highest: c }
    // N has a kink where u + ηw = 0, and s = 0 is in the middle
    return { eta: -share, subgradient: new Float64Array(u.length), lowest: -c, highest: c }
  }
  const theta = Math.atan2(distance, share * c)
  const kappa = Math.cos(theta / 2) ** 2
  const rest = Math.sin(theta / 2) * Math.sqrt(1 + kappa) // √(1 − κ²)
  return {
    eta: ((kappa / rest) * distance) / c - share,
    subgradient: p.map((v, j) => (rest * v) / distance + (kappa * w[j]) / c),
    lowest: c * Math.cos(theta),
    highest: c,
  }
}

/**
 * ‖·‖∞: N is the upper envelope of the lines ±(u_j + ηw_j). Walks along it from η = 0 to the first line whose slope is at
 * least m; s mixes the gradients of the lines on both sides of that corner.
 */
function overLargest(u: Float64Array, w: Float64Array): Multiplier {
  // line 2j is u_j + ηw_j, line 2j + 1 its negative
  const count = 2 * u.length
  const intercept = (line: number) => (line & 1 ? -u[line >> 1] : u[line >> 1])
  const slope = (line: number) => (line & 1 ? -w[line >> 1] : w[line >> 1])
  let [line, highest] = [0, 0]
  for (let other = 0; other < count; other++) {
    const above = intercept(other) - intercept(line)
    if (above > 0 || (above === 0 && slope(other) > slope(line))) line = other
    highest = Math.max(highest, slope(other))
  }
  const lowest = slope(line)
  const middle = (lowest + highest) / 2
  let [before, eta] = [line, 0]
  // slopes grow from line to line, so this ends
  while (slope(line) < middle) {
    let [next, corner] = [line, Infinity]
    for (let other = 0; other < count; other++) {
      const steeper = slope(other) - slope(line)
      if (!(steeper > 0)) continue
      const at = Math.max(eta, (intercept(line) - intercept(other)) / steeper)
      if (at < corner || (at === corner && slope(other) > slope(next))) [next, corner] = [other, at]
    }
    // only where values are not finite
    if (next === line) break
    ;[before, line, eta] = [line, next, corner]
  }
  const share = line === before ? 1 : (middle - slope(before)) / (slope(line) - slope(before))
  const subgradient = new Float64Array(u.length)
  subgradient[before >> 1] += (before & 1 ? -1 : 1) * (1 - share)
  subgradient[line >> 1] += (line & 1 ? -1 : 1) * share
  return { eta, subgradient, lowest, highest }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j]
  return sum
}
