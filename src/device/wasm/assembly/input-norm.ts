/**
 * Rows reach the input of an ℓ2 or ℓ1 ball: the largest that a perturbation adds is the ℓ2 or ℓ∞ norm of the vector
 * radius_j ν̂_j. (That of an ℓ∞ ball is in input-term.ts.) The radius of input j lies `stride` bytes from that of j − 1.
 */
import { Block, blockAt } from './layout'
import { Blocks, Floats } from './pointers'

/**
 * Per row: √Σ (radius_j ν̂_j)², or max |radius_j ν̂_j|. Squares are summed in float64: products of two float32 are
 * exact there, and none under- or overflows.
 */
export function inputNorm(
  isLargest: bool, channels: i32, imageWidth: i32, area: i32, blockCount: i32, blocks: Blocks, base: Floats,
  radius: Floats, stride: usize, norm: Floats,
): void {
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b)
    for (let r = 0; r < block.rows; r += 4) {
      let low = f64x2.splat(0), high = low, largest = f32x4.splat(0)
      let at = base + <usize>block.offset + ((<usize>r) << 2)
      for (let c = 0; c < channels; c++) {
        for (let y = block.y; y < block.y + block.height; y++) {
          let input = radius + <usize>(c * area + y * imageWidth + block.x) * stride
          for (let x = 0; x < block.width; x++) {
            const value = v128.load(at)
            if (isLargest) {
              largest = f32x4.max(largest, f32x4.abs(f32x4.mul(v128.load32_splat(input), value)))
            } else {
              const here = f64x2.splat(<f64>load<f32>(input))
              const first = f64x2.mul(here, f64x2.promote_low_f32x4(value))
              const second = f64x2.mul(here, f64x2.promote_low_f32x4(v128.shuffle<f64>(value, value, 1, 1)))
              low = f64x2.add(low, f64x2.mul(first, first))
              high = f64x2.add(high, f64x2.mul(second, second))
            }
            at += (<usize>block.rows) << 2
            input += stride
          }
        }
      }
      if (!isLargest) {
        const first = f32x4.demote_f64x2_zero(f64x2.sqrt(low)), second = f32x4.demote_f64x2_zero(f64x2.sqrt(high))
        largest = v128.shuffle<f64>(first, second, 0, 2)
      }
      v128.store(norm + ((<usize>(block.firstRow + r)) << 2), largest)
    }
  }
}

/**
 * Adjoint of `inputNorm`: adds to the gradient of the coefficients. Of √Σ it is radius²·ν̂ / norm (0 where the norm is);
 * that of the maximum goes to the first input that attains it (to none where it is 0).
 */
export function inputNormAdjoint(
  isLargest: bool, channels: i32, imageWidth: i32, area: i32, blockCount: i32, blocks: Blocks, value: Floats,
  gradient: Floats, radius: Floats, stride: usize, norm: Floats, normGradient: Floats,
): void {
  const zero = f32x4.splat(0), signBit = i32x4.splat(0x80000000)
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b)
    for (let r = 0; r < block.rows; r += 4) {
      const row = (<usize>(block.firstRow + r)) << 2
      const whole = v128.load(norm + row), toNorm = v128.load(normGradient + row)
      // lanes that still get something
      let open = f32x4.ne(whole, zero)
      let at = <usize>block.offset + ((<usize>r) << 2)
      for (let c = 0; c < channels; c++) {
        for (let y = block.y; y < block.y + block.height; y++) {
          let input = radius + <usize>(c * area + y * imageWidth + block.x) * stride
          for (let x = 0; x < block.width; x++) {
            const here = v128.load32_splat(input), moved = f32x4.mul(here, v128.load(value + at))
            let share: v128
            if (isLargest) {
              const found = v128.and(open, f32x4.eq(f32x4.abs(moved), whole))
              open = v128.andnot(open, found)
              share = v128.and(found, v128.xor(here, v128.and(moved, signBit)))
            } else {
              share = v128.and(open, f32x4.mul(here, f32x4.div(moved, whole)))
            }
            const to = gradient + at
            v128.store(to, f32x4.add(v128.load(to), f32x4.mul(share, toNorm)))
            at += (<usize>block.rows) << 2
            input += stride
          }
        }
      }
    }
  }
}
