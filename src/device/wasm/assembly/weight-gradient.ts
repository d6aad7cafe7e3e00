/**
 * The companion of `multiply`: dW[source, target] += Σ_rows X[source, :] · dY[target, :], over the same lists.
 * A tile holds 4 targets × 2 sources in registers and sums its rows at the end.
 */
import { madd, sums } from './simd'

export function weightGradient(
  sources: usize, sourcesEnd: usize, targets: usize, targetsEnd: usize,
  gradient: usize, x: usize, y: usize, rows: i32,
): void {
  const bytes = (<usize>rows) << 2
  for (let t = targets; t < targetsEnd; t += 32) {
    // the list is padded with copies of its last target, which must be counted once
    const last = min<usize>(4, (targetsEnd - t) >> 3)
    const y0 = y + <usize>load<u32>(t, 4), y1 = y + <usize>load<u32>(t, 12)
    const y2 = y + <usize>load<u32>(t, 20), y3 = y + <usize>load<u32>(t, 28)
    const w0 = gradient + <usize>load<u32>(t), w1 = gradient + <usize>load<u32>(t, 8)
    const w2 = gradient + <usize>load<u32>(t, 16), w3 = gradient + <usize>load<u32>(t, 24)
    let s = sources
    for (; s + 8 < sourcesEnd; s += 16) {
      const xa = x + <usize>load<u32>(s, 4), xb = x + <usize>load<u32>(s, 12)
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
      for (let r: usize = 0; r < bytes; r += 16) {
        const va = v128.load(xa + r), vb = v128.load(xb + r)
        const v0 = v128.load(y0 + r)
        a0 = madd(va, v0, a0); b0 = madd(vb, v0, b0)
        const v1 = v128.load(y1 + r)
        a1 = madd(va, v1, a1); b1 = madd(vb, v1, b1)
        const v2 = v128.load(y2 + r)
        a2 = madd(va, v2, a2); b2 = madd(vb, v2, b2)
        const v3 = v128.load(y3 + r)
        a3 = madd(va, v3, a3); b3 = madd(vb, v3, b3)
      }
      add(sums(a0, a1, a2, a3), <usize>load<u32>(s), w0, w1, w2, w3, last)
      add(sums(b0, b1, b2, b3), <usize>load<u32>(s, 8), w0, w1, w2, w3, last)
    }
    if (s < sourcesEnd) {
      const xa = x + <usize>load<u32>(s, 4)
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
      for (let r: usize = 0; r < bytes; r += 16) {
        const va = v128.load(xa + r)
        a0 = madd(va, v128.load(y0 + r), a0)
        a1 = madd(va, v128.load(y1 + r), a1)
        a2 = madd(va, v128.load(y2 + r), a2)
        a3 = madd(va, v128.load(y3 + r), a3)
      }
      add(sums(a0, a1, a2, a3), <usize>load<u32>(s), w0, w1, w2, w3, last)
    }
  }
}

@inline
function add(v: v128, w: usize, w0: usize, w1: usize, w2: usize, w3: usize, last: usize): void {
  store<f32>(w0 + w, load<f32>(w0 + w) + f32x4.extract_lane(v, 0))
  if (last > 1) store<f32>(w1 + w, load<f32>(w1 + w) + f32x4.extract_lane(v, 1))
  if (last > 2) store<f32>(w2 + w, load<f32>(w2 + w) + f32x4.extract_lane(v, 2))
  if (last > 3) store<f32>(w3 + w, load<f32>(w3 + w) + f32x4.extract_lane(v, 3))
}
