/**
 * Where the inputs of a sweep (sweep.ts) are a box around a point c and, of that box, only what lies in an ℓ2 or ℓ1 ball
 * around c: what a row can lose there, and where. Arrays lie [input][row]; `below` and `above` say per input how far the
 * box reaches from c.
 *
 * For any level λ ≥ 0 a row's coefficients ν split into a part that the ball bounds and one that the box bounds:
 *
 *   ℓ2: |a_j| = min(|ν_j|, λ r_j)   loss ε‖a‖₂ + Σ (|ν_j| − |a_j|) r_j
 *   ℓ1: |a_j| = min(|ν_j|, λ)       loss ε max|a_j| + Σ (|ν_j| − |a_j|) r_j
 *
 * where r_j is the reach against the sign of ν_j. Every level is sound; at the best one the loss is exact.
 */
import { Doubles } from './pointers'

@inline
function number(base: u32, i: i32): usize {
  return <usize>base + ((<usize>i) << 3)
}

/** Two rows' reach at an input. */
@inline
function reach(below: u32, above: u32, i: i32, value: v128): v128 {
  const down = v128.load64_splat(number(below, i)), up = v128.load64_splat(number(above, i))
  return v128.bitselect(down, up, f64x2.gt(value, f64x2.splat(0)))
}

/** More than squares below the smallest float64 can add up to. */
const UNDERFLOW = 1e-290
const LARGEST = 1e300
const PASSES = 100

/**
 * Takes the loss off each row's bound, and leaves its level.
 * @param isSum ℓ1
 * @param isCut whether the box cuts the ball anywhere
 */
export function ballBound(
  isSum: bool, isCut: bool, inputs: i32, rows: i32, coefficients: Doubles, below: Doubles, above: Doubles, epsilon: f64,
  bound: Doubles, level: Doubles,
): void {
  const rowBytes = (<usize>rows) << 3, radius = f64x2.splat(epsilon), zero = f64x2.splat(0)
  for (let r: usize = 0; r < rowBytes; r += 16) {
    let squares = f64x2.splat(UNDERFLOW), largest = zero, boxLoss = zero
    let at = <usize>coefficients + r
    for (let i = 0; i < inputs; i++, at += rowBytes) {
      const value = v128.load(at), size = f64x2.abs(value)
      squares = f64x2.add(squares, f64x2.mul(size, size))
      largest = f64x2.max(largest, size)
      boxLoss = f64x2.add(boxLoss, f64x2.mul(size, reach(below, above, i, value)))
    }
    let best = isSum ? largest : f64x2.pmin(f64x2.splat(LARGEST), f64x2.div(f64x2.sqrt(squares), radius))
    let loss = f64x2.mul(radius, isSum ? largest : f64x2.sqrt(squares))
    if (isCut) {
      const from = <usize>coefficients + r
      best = isSum
        ? sumLevel(inputs, rowBytes, from, below, above, radius, largest)
        : squareLevel(inputs, rowBytes, from, below, above, radius, best)
      let rest = zero
      squares = f64x2.splat(UNDERFLOW)
      at = from
      for (let i = 0; i < inputs; i++, at += rowBytes) {
        const value = v128.load(at), size = f64x2.abs(value), r = reach(below, above, i, value)
        const part = f64x2.pmin(size, isSum ? best : f64x2.mul(best, r))
        squares = f64x2.add(squares, f64x2.mul(part, part))
        rest = f64x2.add(rest, f64x2.mul(f64x2.sub(size, part), r))
      }
      loss = f64x2.add(f64x2.mul(radius, isSum ? f64x2.pmin(best, largest) : f64x2.sqrt(squares)), rest)
    }
    v128.store(<usize>level + r, best)
    const total = <usize>bound + r
    v128.store(total, f64x2.sub(v128.load(total), f64x2.pmin(boxLoss, loss)))
  }
}

/** ℓ2: the level at which Σ min(|ν_j|/λ, r_j)² = ε², by Newton's method from above; 0 if the box lies in the ball. */
function squareLevel(
  inputs: i32, rowBytes: usize, from: usize, below: u32, above: u32, radius: v128, start: v128,
): v128 {
  const zero = f64x2.splat(0), whole = f64x2.mul(radius, radius)
  let level = start
  for (let pass = 0; pass < PASSES; pass++) {
    let left = whole, squares = zero, at = from
    for (let i = 0; i < inputs; i++, at += rowBytes) {
      const value = v128.load(at), size = f64x2.abs(value), r = reach(below, above, i, value)
      const full = f64x2.ge(size, f64x2.mul(level, r))
      left = f64x2.sub(left, v128.and(full, f64x2.mul(r, r)))
      squares = f64x2.add(squares, v128.andnot(f64x2.mul(size, size), full))
    }
    // where nothing is left, rounding has carried the level past its place
    const next = v128.bitselect(f64x2.sqrt(f64x2.div(squares, left)), level, f64x2.gt(left, zero))
    const lower = f64x2.lt(next, level)
    if (!v128.any_true(lower)) break
    level = v128.bitselect(next, level, lower)
  }
  return level
}

/** ℓ1: the least level λ with Σ r_j ≤ ε over all |ν_j| > λ, by halving between sizes that occur; 0 is one of them. */
function sumLevel(
  inputs: i32, rowBytes: usize, from: usize, below: u32, above: u32, radius: v128, largest: v128,
): v128 {
  const zero = f64x2.splat(0), half = f64x2.splat(0.5)
  let low = zero, high = largest
  for (let pass = 0; pass < PASSES; pass++) {
    if (!v128.any_true(f64x2.lt(low, high))) break
    const middle = f64x2.mul(half, f64x2.add(low, high))
    let sum = zero, next = high, previous = zero, at = from
    for (let i = 0; i < inputs; i++, at += rowBytes) {
      const value = v128.load(at), size = f64x2.abs(value)
      const more = f64x2.gt(size, middle)
      sum = f64x2.add(sum, v128.and(more, reach(below, above, i, value)))
      next = v128.bitselect(f64x2.pmin(next, size), next, more)
      previous = v128.bitselect(previous, f64x2.pmax(previous, size), more)
    }
    const tooLow = f64x2.gt(sum, radius)
    low = v128.bitselect(next, low, tooLow)
    high = v128.bitselect(high, previous, tooLow)
  }
  return high
}

/** After `ballBound`: the inputs where the loss is attained. */
export function ballPoint(
  isSum: bool, inputs: i32, rows: i32, coefficients: Doubles, below: Doubles, above: Doubles, epsilon: f64, centre: Doubles,
  level: Doubles, values: Doubles,
): void {
  const rowBytes = (<usize>rows) << 3, zero = f64x2.splat(0), signBit = i64x2.splat(1 << 63)
  for (let r: usize = 0; r < rowBytes; r += 16) {
    const best = v128.load(<usize>level + r)
    // ℓ1: what those above the level leave to those that are on it
    let left = f64x2.splat(epsilon), at = <usize>coefficients + r
    for (let i = 0; isSum && i < inputs; i++, at += rowBytes) {
      const value = v128.load(at), more = f64x2.gt(f64x2.abs(value), best)
      left = f64x2.sub(left, v128.and(more, reach(below, above, i, value)))
    }
    left = f64x2.pmax(zero, left)
    at = r
    for (let i = 0; i < inputs; i++, at += rowBytes) {
      const value = v128.load(<usize>coefficients + at), size = f64x2.abs(value), r = reach(below, above, i, value)
      let move: v128
      if (isSum) {
        const some = v128.and(f64x2.eq(size, best), f64x2.pmin(r, left))
        left = f64x2.sub(left, some)
        move = v128.bitselect(r, some, f64x2.gt(size, best))
      } else {
        move = f64x2.pmin(r, f64x2.div(size, best))
      }
      const signed = v128.and(f64x2.ne(value, zero), v128.xor(move, v128.and(value, signBit)))
      v128.store(<usize>values + at, f64x2.sub(v128.load64_splat(number(centre, i)), signed))
    }
  }
}
