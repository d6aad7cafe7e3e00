/**
 * Rows of a dual pass on their way from a specification to the input. A row is one specification; value
 * [neuron][row] is the row's coefficient of that neuron. Per row, four sums grow along the way:
 * constant, gap of the lower bound, gap of the upper bound, and (for certificates) the magnitude that bounds rounding.
 */
import { Active, blockAt, channelsAt, countAt } from './layout'
import { Blocks, Floats } from './pointers'
import { madd, positive, sum } from './simd'

/**
 * Rows meet a ReLU layer: coefficients of unstable neurons are scaled by their slope, in place, and leave their
 * gap l·[ν]₊; every active neuron adds its bias times its coefficient to the constant.
 * @param slope, gap per neuron of the layer: upper slope; lower bound l if unstable, else 0
 * @param bias per channel
 * @param magnitude per neuron: what |coefficient| is weighted with in `error`; 0 if no error is wanted
 */
export function reluRows(
  channelCount: i32, imageWidth: i32, area: i32, blockCount: i32, blocks: Blocks, base: Floats, active: Active,
  slope: Floats, gap: Floats, bias: Floats, magnitude: Floats,
  constant: Floats, lower: Floats, upper: Floats, error: Floats,
): void {
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b), rows = block.rows
    const rowBytes = rows << 2, plane = block.height * block.width * rowBytes
    for (let r = 0; r < rows; r += 8) {
      const row = (<usize>(block.firstRow + r)) << 2, column = base + <usize>block.offset + ((<usize>r) << 2)
      // the last four rows are read as eight, and the second half is thrown away
      const eight = rows - r > 4
      for (let y = 0; y < block.height; y++) {
        // sums per line of the image first: keeps rounding small
        let constant0 = f32x4.splat(0), constant1 = constant0, error0 = constant0, error1 = constant0
        let lower0 = constant0, lower1 = constant0, upper0 = constant0, upper1 = constant0
        for (let x = 0; x < block.width; x++) {
          const position = (block.y + y) * imageWidth + block.x + x
          const channels = channelsAt(active, position, channelCount)
          const place = column + <usize>((y * block.width + x) * rowBytes)
          for (let i = 0, n = countAt(active, position); i < n; i++) {
            const c = load<i32>(channels + ((<usize>i) << 2))
            const neuron = (<usize>(c * area + position)) << 2
            const at = place + <usize>(c * plane)
            let value0 = v128.load(at), value1 = eight ? v128.load(at, 16) : f32x4.splat(0)
            const l = load<f32>(gap + neuron)
            if (l != 0) {
              const s = v128.load32_splat(slope + neuron), limit = f32x4.splat(l)
              value0 = f32x4.mul(value0, s)
              value1 = f32x4.mul(value1, s)
              v128.store(at, value0)
              if (eight) v128.store(at, value1, 16)
              lower0 = madd(limit, positive(f32x4.neg(value0)), lower0)
              lower1 = madd(limit, positive(f32x4.neg(value1)), lower1)
              upper0 = f32x4.sub(upper0, f32x4.mul(limit, positive(value0)))
              upper1 = f32x4.sub(upper1, f32x4.mul(limit, positive(value1)))
            }
            const offset = v128.load32_splat(bias + ((<usize>c) << 2))
            constant0 = madd(offset, value0, constant0)
            constant1 = madd(offset, value1, constant1)
            if (magnitude) {
              const weight = v128.load32_splat(magnitude + neuron)
              error0 = madd(weight, f32x4.abs(value0), error0)
              error1 = madd(weight, f32x4.abs(value1), error1)
            }
          }
        }
        addRow(constant + row, constant0, constant1, eight)
        addRow(lower + row, lower0, lower1, eight)
        addRow(upper + row, upper0, upper1, eight)
        if (magnitude) addRow(error + row, error0, error1, eight)
      }
    }
  }
}

@inline
function addRow(at: usize, first: v128, second: v128, eight: bool): void {
  v128.store(at, f32x4.add(v128.load(at), first))
  if (eight) v128.store(at, f32x4.add(v128.load(at, 16), second), 16)
}

/**
 * Adjoint of `reluRows`. `gradient` holds the gradient of the scaled coefficients and gets that of the unscaled
 * ones; `value` holds the scaled coefficients; `constant`, `lower`, `upper` the gradients of the row sums.
 * Adds to the gradients of slope, gap and bias.
 */
export function reluRowsAdjoint(
  channelCount: i32, imageWidth: i32, area: i32, blockCount: i32, blocks: Blocks, value: Floats, gradient: Floats,
  active: Active, slope: Floats, gap: Floats, bias: Floats,
  slopeGradient: Floats, gapGradient: Floats, biasGradient: Floats,
  constant: Floats, lower: Floats, upper: Floats,
): void {
  const zero = f32x4.splat(0)
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b), rows = block.rows, row = (<usize>block.firstRow) << 2
    for (let y = 0; y < block.height; y++) {
      for (let x = 0; x < block.width; x++) {
        const position = (block.y + y) * imageWidth + block.x + x
        const channels = channelsAt(active, position, channelCount)
        for (let i = 0, n = countAt(active, position); i < n; i++) {
          const c = load<i32>(channels + ((<usize>i) << 2))
          const neuron = (<usize>(c * area + position)) << 2
          const at = <usize>block.offset + ((<usize>(((c * block.height + y) * block.width + x) * rows)) << 2)
          const biasSplat = v128.load32_splat(bias + ((<usize>c) << 2))
          const l = load<f32>(gap + neuron)
          let toBias = zero
          if (l == 0) {
            for (let r: usize = 0; r < (<usize>rows) << 2; r += 16) {
              const gc = v128.load(constant + row + r)
              toBias = madd(gc, v128.load(value + at + r), toBias)
              v128.store(gradient + at + r, madd(gc, biasSplat, v128.load(gradient + at + r)))
            }
          } else {
            const s = v128.load32_splat(slope + neuron), limit = f32x4.splat(-l)
            let toSlope = zero, toGap = zero
            for (let r: usize = 0; r < (<usize>rows) << 2; r += 16) {
              const v = v128.load(value + at + r), gc = v128.load(constant + row + r)
              const gl = v128.load(lower + row + r), gu = v128.load(upper + row + r)
              toBias = madd(gc, v, toBias)
              toGap = madd(positive(f32x4.neg(v)), gl, f32x4.sub(toGap, f32x4.mul(positive(v), gu)))
              // lower += l·[−ν]₊ and upper −= l·[ν]₊ both grow by −l per unit of ν, on their own side of zero
              const side = v128.or(
                v128.and(f32x4.gt(v, zero), gu),
                v128.and(f32x4.lt(v, zero), gl),
              )
              const g = madd(limit, side, madd(gc, biasSplat, v128.load(gradient + at + r)))
              toSlope = madd(g, v, toSlope)
              v128.store(gradient + at + r, f32x4.mul(g, s))
            }
            const ds = slopeGradient + neuron, dg = gapGradient + neuron
            store<f32>(ds, load<f32>(ds) + sum(toSlope) / load<f32>(slope + neuron))
            store<f32>(dg, load<f32>(dg) + sum(toGap))
          }
          const db = biasGradient + ((<usize>c) << 2)
          store<f32>(db, load<f32>(db) + sum(toBias))
        }
      }
    }
  }
}
