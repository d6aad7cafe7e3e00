/**
 * Bounds of linear forms of the inputs and of the open neurons of a cell (src/search/branch/cells.ts), in float64: a form
 * and its negative at once, in the two lanes of a vector.
 */
import { Doubles, Integers } from './pointers'
import { madd64 } from './simd'

/** Pointers and counts, i32 each; written by src/device/wasm/forms.ts. */
@unmanaged
class Cell {
  inputs: i32
  /** Per open neuron: pointer to its form, and the form's length. A form reads the inputs and earlier open neurons. */
  forms: Integers
  lengths: Integers
  /** Per open neuron: constant of its form, what a unit of its coefficient costs in rounding, lines of its ReLU. */
  bias: Doubles
  slack: Doubles
  lowerSlope: Doubles
  upperSlope: Doubles
  intercept: Doubles
  /** Per input. */
  centre: Doubles
  radius: Doubles
  /** [input or open neuron][lane]: all that reaches it; of a neuron, what reaches its ReLU from above. */
  coefficients: Doubles
  /** [lane] */
  bound: Doubles
}

/** to += weight · from. Both have room for an even number of coefficients; those past the length are zero. */
export function addForm(to: Doubles, from: Doubles, length: i32, weight: f64): void {
  const factor = f64x2.splat(weight)
  for (let end = <usize>from + ((<usize>length) << 3), at = <usize>from, into = <usize>to; at < end; at += 16, into += 16) {
    v128.store(into, madd64(factor, v128.load(at), v128.load(into)))
  }
}

/** Lower bounds of a form and of its negative: where ν̂ > 0 a ReLU is replaced by its lower line, else by its upper one. */
export function boundForm(s: Cell, own: Doubles, length: i32, bias: f64, slack: f64): void {
  const zero = f64x2.splat(0), coefficients = <usize>s.coefficients
  for (let i: usize = 0; i < <usize>length; i++) {
    const value = load<f64>(<usize>own + (i << 3))
    v128.store(coefficients + (i << 4), f64x2.replace_lane(f64x2.splat(value), 1, -value))
  }
  let bound = f64x2.sub(f64x2.replace_lane(f64x2.splat(bias), 1, -bias), f64x2.splat(slack))
  for (let t = <usize>(length - s.inputs); t-- > 0;) {
    const hat = v128.load(coefficients + ((<usize>s.inputs + t) << 4)), up = f64x2.gt(hat, zero), at = t << 3
    const slope = v128.bitselect(v128.load64_splat(<usize>s.lowerSlope + at), v128.load64_splat(<usize>s.upperSlope + at), up)
    const value = f64x2.mul(hat, slope)
    bound = madd64(f64x2.min(hat, zero), v128.load64_splat(<usize>s.intercept + at), bound)
    if (!v128.any_true(f64x2.ne(value, zero))) continue
    bound = madd64(value, v128.load64_splat(<usize>s.bias + at), bound)
    bound = f64x2.sub(bound, f64x2.mul(v128.load64_splat(<usize>s.slack + at), f64x2.abs(value)))
    let from = <usize>load<u32>(<usize>s.forms + (t << 2)), into = coefficients
    for (const end = from + ((<usize>load<i32>(<usize>s.lengths + (t << 2))) << 3); from < end; from += 8, into += 16) {
      v128.store(into, madd64(value, v128.load64_splat(from), v128.load(into)))
    }
  }
  for (let i: usize = 0; i < <usize>s.inputs; i++) {
    const value = v128.load(coefficients + (i << 4)), at = i << 3
    bound = madd64(value, v128.load64_splat(<usize>s.centre + at), bound)
    bound = f64x2.sub(bound, f64x2.mul(v128.load64_splat(<usize>s.radius + at), f64x2.abs(value)))
  }
  v128.store(<usize>s.bound, bound)
}
