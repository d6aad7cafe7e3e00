/** Kernels of gradient attacks on a chunk. Values lie [input][example]. */
import { Floats, Integers } from './pointers'

/** Ends of the part in [low, high] of the boxes of some inputs. */
export function boxEnds(
  count: i32, centre: Floats, radius: Floats, low: f32, high: f32, lower: Floats, upper: Floats,
): void {
  const least = f32x4.splat(low), most = f32x4.splat(high)
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const c = v128.load(centre + i), r = v128.load(radius + i)
    v128.store(lower + i, f32x4.max(least, f32x4.sub(c, r)))
    v128.store(upper + i, f32x4.min(most, f32x4.add(c, r)))
  }
}

/** x = x + sign(gradient) · step · radius, cut to [lower, upper]. Where the gradient is NaN, x stays. */
export function climbBox(
  count: i32, x: Floats, gradient: Floats, radius: Floats, step: f32, lower: Floats, upper: Floats,
): void {
  const signBit = i32x4.splat(0x80000000), zero = f32x4.splat(0), size = f32x4.splat(step)
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    const g = v128.load(gradient + i)
    const length = v128.and(f32x4.gt(f32x4.abs(g), zero), f32x4.mul(size, v128.load(radius + i)))
    const moved = f32x4.add(v128.load(x + i), v128.xor(length, v128.and(g, signBit)))
    v128.store(x + i, f32x4.min(v128.load(upper + i), f32x4.max(v128.load(lower + i), moved)))
  }
}

/** Copies the examples whose mask is all ones, in every row. `masks` has one per column. */
export function copyColumns(count: i32, columns: i32, masks: Integers, from: Floats, to: Floats): void {
  const width = (<usize>columns) << 2
  for (const end = from + ((<usize>count) << 2); from < end; from += width, to += width) {
    for (let i: usize = 0; i < width; i += 16) {
      v128.store(to + i, v128.bitselect(v128.load(from + i), v128.load(to + i), v128.load(masks + i)))
    }
  }
}
