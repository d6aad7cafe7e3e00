/**
 * Rows reach the input: Σ_j x_j ν̂_j, and the largest that a perturbation adds, Σ_j radius_j |ν̂_j|
 * (the dual norm of an ℓ∞ ball, possibly cut by the pixel domain, whose radius may differ per input).
 * `centre` and `radius` of input j lie `stride` bytes apart.
 */
import { Block, blockAt } from './layout'
import { Blocks, Floats } from './pointers'
import { madd } from './simd'

/** How many inputs are summed before the sum is added to the total: keeps rounding small. */
const RUN = 32

export function inputTerm(
  channels: i32, imageWidth: i32, area: i32, blockCount: i32, blocks: Blocks, base: Floats,
  centre: Floats, radius: Floats, stride: usize, centreSum: Floats, radiusSum: Floats,
): void {
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b)
    for (let r = 0; r < block.rows; r += 4) {
      let total = f32x4.splat(0), totalRadius = total, part = total, partRadius = total
      let at = base + <usize>block.offset + ((<usize>r) << 2), run = 0
      for (let c = 0; c < channels; c++) {
        for (let y = block.y; y < block.y + block.height; y++) {
          let input = <usize>(c * area + y * imageWidth + block.x) * stride
          for (let x = 0; x < block.width; x++) {
            const value = v128.load(at)
            part = madd(v128.load32_splat(centre + input), value, part)
            partRadius = madd(v128.load32_splat(radius + input), f32x4.abs(value), partRadius)
            if (++run == RUN) {
              total = f32x4.add(total, part)
              totalRadius = f32x4.add(totalRadius, partRadius)
              part = f32x4.splat(0)
              partRadius = part
              run = 0
            }
            at += (<usize>block.rows) << 2
            input += stride
          }
        }
      }
      const row = (<usize>(block.firstRow + r)) << 2
      v128.store(centreSum + row, f32x4.add(total, part))
      v128.store(radiusSum + row, f32x4.add(totalRadius, partRadius))
    }
  }
}

/** Adjoint of `inputTerm`: writes the gradient of the coefficients. */
export function inputTermAdjoint(
  channels: i32, imageWidth: i32, area: i32, blockCount: i32, blocks: Blocks, value: Floats, gradient: Floats,
  centre: Floats, radius: Floats, stride: usize, centreGradient: Floats, radiusGradient: Floats,
): void {
  const zero = f32x4.splat(0), signBit = i32x4.splat(0x80000000)
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b)
    for (let r = 0; r < block.rows; r += 4) {
      const row = (<usize>(block.firstRow + r)) << 2
      const toCentre = v128.load(centreGradient + row), toRadius = v128.load(radiusGradient + row)
      let at = <usize>block.offset + ((<usize>r) << 2)
      for (let c = 0; c < channels; c++) {
        for (let y = block.y; y < block.y + block.height; y++) {
          let input = <usize>(c * area + y * imageWidth + block.x) * stride
          for (let x = 0; x < block.width; x++) {
            const v = v128.load(value + at)
            // sign(v) · toRadius, zero where v is zero
            const signed = v128.and(f32x4.ne(v, zero), v128.xor(toRadius, v128.and(v, signBit)))
            const g = f32x4.mul(v128.load32_splat(centre + input), toCentre)
            v128.store(gradient + at, madd(v128.load32_splat(radius + input), signed, g))
            at += (<usize>block.rows) << 2
            input += stride
          }
        }
      }
    }
  }
}
