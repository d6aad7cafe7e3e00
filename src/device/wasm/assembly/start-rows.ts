/** Where rows of a dual pass start (rows.ts): as weights of the layer whose outputs they are about. */
import { Active, Geometry, blockAt, channelsAt, countAt } from './layout'
import { Blocks, Floats, Integers } from './pointers'

/**
 * First step: coefficients of the neurons below, W[plus] − W[minus], and the constant b[plus] − b[minus], which is
 * added to what is there.
 * @param accumulate whether coefficients are added to what is there, too
 * @param positions output position of each block; all its rows start there
 * @param plus, minus output channel per row; −1 for none
 * @param bias 0 if there is none
 */
export function startRows(
  accumulate: bool, g: Geometry, blockCount: i32, positions: Integers, blocks: Blocks, base: Floats, active: Active,
  plus: Integers, minus: Integers, weights: Floats, bias: Floats, constant: Floats,
): void {
  const area = g.kernel * g.kernel, ins = g.inChannels / g.groups, outs = g.outChannels / g.groups, filter = ins * area
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b), rows = block.rows
    const position = load<i32>(positions + ((<usize>b) << 2)), first = (<usize>block.firstRow) << 2
    const top = position / g.outWidth * g.stride - g.padding, left = position % g.outWidth * g.stride - g.padding
    if (bias) {
      for (let r = 0; r < rows; r++) {
        const at = constant + first + ((<usize>r) << 2)
        store<f32>(at, load<f32>(at) + difference(bias, 1, plus + first, minus + first, r, 0, g.outChannels))
      }
    }
    // rows with a minus are few (margins); for the many without, four are gathered at a time
    let simple = !accumulate && g.groups == 1
    for (let r = 0; r < rows; r++) if (load<i32>(minus + first + ((<usize>r) << 2)) >= 0) simple = false
    for (let y = 0; y < block.height; y++) {
      for (let x = 0; x < block.width; x++) {
        const place = (block.y + y) * g.inWidth + block.x + x
        const channels = channelsAt(active, place, g.inChannels)
        const ky = block.y + y - top, kx = block.x + x - left, tap = ky * g.kernel + kx
        // a window that other terms have widened holds inputs that these rows do not read
        const seen = <u32>ky < <u32>g.kernel && <u32>kx < <u32>g.kernel
        for (let i = 0, n = countAt(active, place); i < n; i++) {
          const c = load<i32>(channels + ((<usize>i) << 2)), group = c / ins
          const w = weights + ((<usize>(c % ins * area + tap)) << 2)
          const to = base + <usize>block.offset + ((<usize>(((c * block.height + y) * block.width + x) * rows)) << 2)
          let r = 0
          if (!seen) {
            if (!accumulate) memory.fill(to, 0, (<usize>rows) << 2)
            continue
          }
          if (simple) {
            for (; r < rows && load<i32>(plus + first + ((<usize>r) << 2), 12) >= 0; r += 4) {
              const at = plus + first + ((<usize>r) << 2)
              let value = v128.load32_zero(w + ((<usize>(load<i32>(at) * filter)) << 2))
              value = v128.load_lane<f32>(w + ((<usize>(load<i32>(at, 4) * filter)) << 2), value, 1)
              value = v128.load_lane<f32>(w + ((<usize>(load<i32>(at, 8) * filter)) << 2), value, 2)
              value = v128.load_lane<f32>(w + ((<usize>(load<i32>(at, 12) * filter)) << 2), value, 3)
              v128.store(to + ((<usize>r) << 2), value)
            }
          }
          for (; r < rows; r++) {
            const value = difference(w, filter, plus + first, minus + first, r, group * outs, outs), at = to + ((<usize>r) << 2)
            store<f32>(at, accumulate ? load<f32>(at) + value : value)
          }
        }
      }
    }
  }
}

/** Outputs that are not among the `outs` from `firstOut` on have no part in it. */
@inline
function difference(
  from: usize, stride: i32, plus: usize, minus: usize, r: i32, firstOut: i32, outs: i32,
): f32 {
  const p = load<i32>(plus + ((<usize>r) << 2)), m = load<i32>(minus + ((<usize>r) << 2))
  let value: f32 = <u32>(p - firstOut) < <u32>outs ? load<f32>(from + ((<usize>(p * stride)) << 2)) : 0
  if (<u32>(m - firstOut) < <u32>outs) value -= load<f32>(from + ((<usize>(m * stride)) << 2))
  return value
}

/**
 * Adjoint of `startRows`: `base` holds gradients of the coefficients, `constant` those of the constants.
 * @param biasGradient 0 if there is no bias
 */
export function startRowsAdjoint(
  g: Geometry, blockCount: i32, positions: Integers, blocks: Blocks, base: Floats, active: Active,
  plus: Integers, minus: Integers, weightGradient: Floats, biasGradient: Floats, constant: Floats,
): void {
  const area = g.kernel * g.kernel, ins = g.inChannels / g.groups, outs = g.outChannels / g.groups, filter = ins * area
  for (let b = 0; b < blockCount; b++) {
    const block = blockAt(blocks, b), rows = block.rows
    const position = load<i32>(positions + ((<usize>b) << 2)), first = (<usize>block.firstRow) << 2
    const top = position / g.outWidth * g.stride - g.padding, left = position % g.outWidth * g.stride - g.padding
    for (let r = 0; biasGradient && r < rows; r++) {
      const value = load<f32>(constant + first + ((<usize>r) << 2))
      addAt(biasGradient, load<i32>(plus + first + ((<usize>r) << 2)), 1, value, 0, g.outChannels)
      addAt(biasGradient, load<i32>(minus + first + ((<usize>r) << 2)), 1, -value, 0, g.outChannels)
    }
    for (let y = 0; y < block.height; y++) {
      for (let x = 0; x < block.width; x++) {
        const place = (block.y + y) * g.inWidth + block.x + x
        const channels = channelsAt(active, place, g.inChannels)
        const ky = block.y + y - top, kx = block.x + x - left, tap = ky * g.kernel + kx
        if (<u32>ky >= <u32>g.kernel || <u32>kx >= <u32>g.kernel) continue
        for (let i = 0, n = countAt(active, place); i < n; i++) {
          const c = load<i32>(channels + ((<usize>i) << 2)), firstOut = c / ins * outs
          const w = weightGradient + ((<usize>(c % ins * area + tap)) << 2)
          const from = base + <usize>block.offset + ((<usize>(((c * block.height + y) * block.width + x) * rows)) << 2)
          for (let r = 0; r < rows; r++) {
            const value = load<f32>(from + ((<usize>r) << 2))
            addAt(w, load<i32>(plus + first + ((<usize>r) << 2)), filter, value, firstOut, outs)
            addAt(w, load<i32>(minus + first + ((<usize>r) << 2)), filter, -value, firstOut, outs)
          }
        }
      }
    }
  }
}

@inline
function addAt(pointer: usize, index: i32, stride: i32, value: f32, firstOut: i32, outs: i32): void {
  if (<u32>(index - firstOut) < <u32>outs) {
    const at = pointer + ((<usize>(index * stride)) << 2)
    store<f32>(at, load<f32>(at) + value)
  }
}
