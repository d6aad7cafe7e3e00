/**
 * The one-dimensional dual problem over the reference adversarial space (Li et al. 2019, Section 5.4), row by row.
 * ν̂ and q̂ are the input coefficients of f and of the reference g, [input][row].
 */
import { Floats } from './pointers'
import { kthSmallest } from './select'

/** |q̂_j| below this makes no transition point. */
const SMALLEST: f32 = 1e-7

/**
 * Per row: η, the lower median of the positive transition points −ν̂_j/q̂_j, or 0 if there are none; and
 * `signs` [input][row] = sgn(ν̂_j + η q̂_j) (0 at η's own input), which is what f's objective and its gradient need.
 * `sums` gets per row Σ_j radius_j · sgn · {ν̂, q̂}_j at η, Σ_j radius_j sgn(ν̂_j) q̂_j (just right of η = 0) and
 * Σ_j radius_j |q̂_j| (beyond the largest transition point), `rows` numbers each.
 * @param scratch room for one f32 per input
 */
export function referenceSpace(
  inputs: i32, rows: i32, own: Floats, reference: Floats, radius: Floats, stride: usize,
  multiplier: Floats, signs: Floats, sums: Floats, scratch: Floats,
): void {
  const rowBytes = (<usize>rows) << 2
  for (let r: usize = 0; r < rowBytes; r += 4) {
    let count = 0
    for (let j = 0; j < inputs; j++) {
      const at = <usize>j * rowBytes + r, q = load<f32>(reference + at)
      if (abs(q) < SMALLEST) continue
      const transition = -load<f32>(own + at) / q
      if (transition > 0) {
        store<f32>(scratch + ((<usize>count) << 2), transition)
        count++
      }
    }
    const eta: f32 = count == 0 ? 0 : kthSmallest(scratch, count, (count - 1) >> 1)
    store<f32>(multiplier + r, eta)
    let objective: f64 = 0, slope: f64 = 0, slopeAtZero: f64 = 0, slopeAtEnd: f64 = 0
    for (let j = 0; j < inputs; j++) {
      const at = <usize>j * rowBytes + r, v = load<f32>(own + at), q = load<f32>(reference + at)
      const radiusHere = load<f32>(radius + <usize>j * stride)
      // at η's own input the sum is zero, whatever it rounds to
      const together = eta > 0 && abs(q) >= SMALLEST && -v / q == eta ? 0 : <f64>v + <f64>eta * <f64>q
      const sign: f32 = together > 0 ? 1 : together < 0 ? -1 : 0
      store<f32>(signs + at, sign)
      objective += <f64>(radiusHere * sign * v)
      slope += <f64>(radiusHere * sign * q)
      slopeAtZero += <f64>(radiusHere * (v > 0 ? q : v < 0 ? -q : abs(q)))
      slopeAtEnd += <f64>(radiusHere * abs(q))
    }
    store<f32>(sums + r, <f32>objective)
    store<f32>(sums + rowBytes + r, <f32>slope)
    store<f32>(sums + 2 * rowBytes + r, <f32>slopeAtZero)
    store<f32>(sums + 3 * rowBytes + r, <f32>slopeAtEnd)
  }
}

/** dν̂_j = x_j · toCentre + radius_j · sign_j · toObjective, per row. */
export function referenceSpaceAdjoint(
  inputs: i32, rows: i32, signs: Floats, centre: Floats, radius: Floats, stride: usize,
  gradient: Floats, toCentre: Floats, toObjective: Floats,
): void {
  const rowBytes = (<usize>rows) << 2
  for (let j = 0; j < inputs; j++) {
    const c = v128.load32_splat(centre), e = v128.load32_splat(radius)
    for (let r: usize = 0; r < rowBytes; r += 16) {
      const signed = f32x4.mul(f32x4.mul(e, v128.load(signs + r)), v128.load(toObjective + r))
      v128.store(gradient + r, f32x4.add(f32x4.mul(c, v128.load(toCentre + r)), signed))
    }
    signs += rowBytes
    gradient += rowBytes
    centre += stride
    radius += stride
  }
}
