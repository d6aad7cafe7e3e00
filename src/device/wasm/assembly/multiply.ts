/**
 * Gather-multiply: Y[target, :] = Σ_source W[source, target] · X[source, :], rows contiguous.
 *
 * Sources and targets are lists of pairs of byte offsets, (into the weights, into the value); the offset of a weight
 * is the sum of its source's and its target's. Linear and convolution layers, forwards and transposed, differ
 * only in these lists (propagate.ts), and inactive neurons are simply not in them.
 *
 * A tile holds 4 targets × 8 rows (12 for the last 12) in registers; the target list is padded to a multiple of
 * 4 by repeating its last entry.
 */
import { madd } from './simd'

/** `accumulate`: start from what Y holds instead of zero. Offsets of X and Y are relative to `x` and `y`. */
export function multiply(
  sources: usize, sourcesEnd: usize, targets: usize, targetsEnd: usize,
  weights: usize, x: usize, y: usize, rows: i32, accumulate: bool,
): void {
  let left = rows
  while (left > 0) {
    if (left == 12) {
      columns12(sources, sourcesEnd, targets, targetsEnd, weights, x, y, accumulate)
      return
    }
    if (left == 4) {
      columns4(sources, sourcesEnd, targets, targetsEnd, weights, x, y, accumulate)
      return
    }
    columns8(sources, sourcesEnd, targets, targetsEnd, weights, x, y, accumulate)
    left -= 8
    x += 32
    y += 32
  }
}

function columns8(
  sources: usize, sourcesEnd: usize, targets: usize, targetsEnd: usize,
  weights: usize, x: usize, y: usize, accumulate: bool,
): void {
  for (let t = targets; t < targetsEnd; t += 32) {
    const w0 = weights + <usize>load<u32>(t), y0 = y + <usize>load<u32>(t, 4)
    const w1 = weights + <usize>load<u32>(t, 8), y1 = y + <usize>load<u32>(t, 12)
    const w2 = weights + <usize>load<u32>(t, 16), y2 = y + <usize>load<u32>(t, 20)
    const w3 = weights + <usize>load<u32>(t, 24), y3 = y + <usize>load<u32>(t, 28)
    let a00 = f32x4.splat(0), a01 = a00, a10 = a00, a11 = a00, a20 = a00, a21 = a00, a30 = a00, a31 = a00
    if (accumulate) {
      a00 = v128.load(y0); a01 = v128.load(y0, 16)
      a10 = v128.load(y1); a11 = v128.load(y1, 16)
      a20 = v128.load(y2); a21 = v128.load(y2, 16)
      a30 = v128.load(y3); a31 = v128.load(y3, 16)
    }
    for (let s = sources; s < sourcesEnd; s += 8) {
      const w = <usize>load<u32>(s), from = x + <usize>load<u32>(s, 4)
      const x0 = v128.load(from), x1 = v128.load(from, 16)
      const s0 = v128.load32_splat(w0 + w)
      a00 = madd(s0, x0, a00); a01 = madd(s0, x1, a01)
      const s1 = v128.load32_splat(w1 + w)
      a10 = madd(s1, x0, a10); a11 = madd(s1, x1, a11)
      const s2 = v128.load32_splat(w2 + w)
      a20 = madd(s2, x0, a20); a21 = madd(s2, x1, a21)
      const s3 = v128.load32_splat(w3 + w)
      a30 = madd(s3, x0, a30); a31 = madd(s3, x1, a31)
    }
    v128.store(y0, a00); v128.store(y0, a01, 16)
    v128.store(y1, a10); v128.store(y1, a11, 16)
    v128.store(y2, a20); v128.store(y2, a21, 16)
    v128.store(y3, a30); v128.store(y3, a31, 16)
  }
}

function columns12(
  sources: usize, sourcesEnd: usize, targets: usize, targetsEnd: usize,
  weights: usize, x: usize, y: usize, accumulate: bool,
): void {
  for (let t = targets; t < targetsEnd; t += 32) {
    const w0 = weights + <usize>load<u32>(t), y0 = y + <usize>load<u32>(t, 4)
    const w1 = weights + <usize>load<u32>(t, 8), y1 = y + <usize>load<u32>(t, 12)
    const w2 = weights + <usize>load<u32>(t, 16), y2 = y + <usize>load<u32>(t, 20)
    const w3 = weights + <usize>load<u32>(t, 24), y3 = y + <usize>load<u32>(t, 28)
    let a00 = f32x4.splat(0), a01 = a00, a02 = a00, a10 = a00, a11 = a00, a12 = a00
    let a20 = a00, a21 = a00, a22 = a00, a30 = a00, a31 = a00, a32 = a00
    if (accumulate) {
      a00 = v128.load(y0); a01 = v128.load(y0, 16); a02 = v128.load(y0, 32)
      a10 = v128.load(y1); a11 = v128.load(y1, 16); a12 = v128.load(y1, 32)
      a20 = v128.load(y2); a21 = v128.load(y2, 16); a22 = v128.load(y2, 32)
      a30 = v128.load(y3); a31 = v128.load(y3, 16); a32 = v128.load(y3, 32)
    }
    for (let s = sources; s < sourcesEnd; s += 8) {
      const w = <usize>load<u32>(s), from = x + <usize>load<u32>(s, 4)
      const x0 = v128.load(from), x1 = v128.load(from, 16), x2 = v128.load(from, 32)
      const s0 = v128.load32_splat(w0 + w)
      a00 = madd(s0, x0, a00); a01 = madd(s0, x1, a01); a02 = madd(s0, x2, a02)
      const s1 = v128.load32_splat(w1 + w)
      a10 = madd(s1, x0, a10); a11 = madd(s1, x1, a11); a12 = madd(s1, x2, a12)
      const s2 = v128.load32_splat(w2 + w)
      a20 = madd(s2, x0, a20); a21 = madd(s2, x1, a21); a22 = madd(s2, x2, a22)
      const s3 = v128.load32_splat(w3 + w)
      a30 = madd(s3, x0, a30); a31 = madd(s3, x1, a31); a32 = madd(s3, x2, a32)
    }
    v128.store(y0, a00); v128.store(y0, a01, 16); v128.store(y0, a02, 32)
    v128.store(y1, a10); v128.store(y1, a11, 16); v128.store(y1, a12, 32)
    v128.store(y2, a20); v128.store(y2, a21, 16); v128.store(y2, a22, 32)
    v128.store(y3, a30); v128.store(y3, a31, 16); v128.store(y3, a32, 32)
  }
}

function columns4(
  sources: usize, sourcesEnd: usize, targets: usize, targetsEnd: usize,
  weights: usize, x: usize, y: usize, accumulate: bool,
): void {
  for (let t = targets; t < targetsEnd; t += 32) {
    const w0 = weights + <usize>load<u32>(t), y0 = y + <usize>load<u32>(t, 4)
    const w1 = weights + <usize>load<u32>(t, 8), y1 = y + <usize>load<u32>(t, 12)
    const w2 = weights + <usize>load<u32>(t, 16), y2 = y + <usize>load<u32>(t, 20)
    const w3 = weights + <usize>load<u32>(t, 24), y3 = y + <usize>load<u32>(t, 28)
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
    if (accumulate) {
      a0 = v128.load(y0); a1 = v128.load(y1); a2 = v128.load(y2); a3 = v128.load(y3)
    }
    for (let s = sources; s < sourcesEnd; s += 8) {
      const w = <usize>load<u32>(s), x0 = v128.load(x + <usize>load<u32>(s, 4))
      a0 = madd(v128.load32_splat(w0 + w), x0, a0)
      a1 = madd(v128.load32_splat(w1 + w), x0, a1)
      a2 = madd(v128.load32_splat(w2 + w), x0, a2)
      a3 = madd(v128.load32_splat(w3 + w), x0, a3)
    }
    v128.store(y0, a0); v128.store(y1, a1); v128.store(y2, a2); v128.store(y3, a3)
  }
}
