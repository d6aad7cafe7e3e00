/**
 * Kernels on whole channels of a chunk, for batch normalisation. Values lie [channel][place][example]; `width` is places ×
 * examples, a multiple of 4. Sums and their products are float64: a variance is the small difference of large ones.
 */
import { Doubles, Floats } from './pointers'
import { madd, madd64 } from './simd'

/** sums[channel] = Σ x and Σ x·y, two float64 per channel. */
export function channelSums(channels: i32, width: i32, x: Floats, y: Floats, sums: Doubles): void {
  for (let c = 0; c < channels; c++, sums += 16) {
    let total = f64x2.splat(0), products = f64x2.splat(0)
    for (let i = 0; i < width; i += 4, x += 16, y += 16) {
      const a = v128.load(x), b = v128.load(y)
      const a0 = f64x2.promote_low_f32x4(a), a1 = f64x2.promote_low_f32x4(upper(a))
      total = f64x2.add(total, f64x2.add(a0, a1))
      products = madd64(a0, f64x2.promote_low_f32x4(b), madd64(a1, f64x2.promote_low_f32x4(upper(b)), products))
    }
    store<f64>(sums, f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1))
    store<f64>(sums, f64x2.extract_lane(products, 0) + f64x2.extract_lane(products, 1), 8)
  }
}

/** y = factor·x + shift, with a factor and a shift per channel. */
export function scaleChannels(channels: i32, width: i32, coefficients: Floats, x: Floats, y: Floats): void {
  for (let c = 0; c < channels; c++, coefficients += 8) {
    const factor = v128.load32_splat(coefficients), shift = v128.load32_splat(coefficients, 4)
    for (let i = 0; i < width; i += 4, x += 16, y += 16) v128.store(y, madd(factor, v128.load(x), shift))
  }
}

/** dx += factor·dy + slope·x + constant, with those three per channel. */
export function scaleChannelsAdjoint(
  channels: i32, width: i32, coefficients: Floats, x: Floats, dx: Floats, dy: Floats,
): void {
  for (let c = 0; c < channels; c++, coefficients += 12) {
    const factor = v128.load32_splat(coefficients), slope = v128.load32_splat(coefficients, 4)
    const constant = v128.load32_splat(coefficients, 8)
    for (let i = 0; i < width; i += 4, x += 16, dx += 16, dy += 16) {
      const through = madd(slope, v128.load(x), constant)
      v128.store(dx, f32x4.add(v128.load(dx), madd(factor, v128.load(dy), through)))
    }
  }
}

/** The upper two lanes, as the lower. */
@inline
function upper(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 2, 3, 2, 3)
}
