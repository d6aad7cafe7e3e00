/**
 * x += Wᵀ y in float64 for sixteen rows at once, [element][row]: backward substitution through the affine maps of a
 * graph (src/search/condense/substitution.ts). Outputs whose rows are all zero cost next to nothing.
 */
import { Doubles, Integers } from './pointers'
import { madd64 } from './simd'

/** A convolution as in src/model/linear-map.ts; a full matrix is one of a 1 × 1 image. i32 each. */
@unmanaged
class Shape {
  inChannels: i32
  inHeight: i32
  inWidth: i32
  outChannels: i32
  outHeight: i32
  outWidth: i32
  kernelHeight: i32
  kernelWidth: i32
  strideY: i32
  strideX: i32
  dilationY: i32
  dilationX: i32
  paddingTop: i32
  paddingLeft: i32
  groups: i32
}

/** Bytes of sixteen rows. */
const ROW_BYTES: usize = 128

/** The rows of the output at hand. */
let y0: v128 = f64x2.splat(0), y1: v128 = f64x2.splat(0), y2: v128 = f64x2.splat(0), y3: v128 = f64x2.splat(0)
let y4: v128 = f64x2.splat(0), y5: v128 = f64x2.splat(0), y6: v128 = f64x2.splat(0), y7: v128 = f64x2.splat(0)

/** Loads an output's rows. @returns whether any is not zero */
@inline
function take(y: usize): bool {
  y0 = v128.load(y)
  y1 = v128.load(y, 16)
  y2 = v128.load(y, 32)
  y3 = v128.load(y, 48)
  y4 = v128.load(y, 64)
  y5 = v128.load(y, 80)
  y6 = v128.load(y, 96)
  y7 = v128.load(y, 112)
  const any = v128.or(v128.or(v128.or(y0, y1), v128.or(y2, y3)), v128.or(v128.or(y4, y5), v128.or(y6, y7)))
  return v128.any_true(any)
}

/** Adds them, times a weight, to an input's rows. */
@inline
function add(
  x: usize, w: v128, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128,
): void {
  v128.store(x, madd64(w, a, v128.load(x)))
  v128.store(x, madd64(w, b, v128.load(x, 16)), 16)
  v128.store(x, madd64(w, c, v128.load(x, 32)), 32)
  v128.store(x, madd64(w, d, v128.load(x, 48)), 48)
  v128.store(x, madd64(w, e, v128.load(x, 64)), 64)
  v128.store(x, madd64(w, f, v128.load(x, 80)), 80)
  v128.store(x, madd64(w, g, v128.load(x, 96)), 96)
  v128.store(x, madd64(w, h, v128.load(x, 112)), 112)
}

/** @param weights (out channels, in channels / groups, kernel height, kernel width), float64 */
export function scatterConvolution(s: Shape, weights: Doubles, y: Doubles, x: Doubles): void {
  const perGroup = s.inChannels / s.groups, outPerGroup = s.outChannels / s.groups
  const taps = s.kernelHeight * s.kernelWidth, plane = s.inHeight * s.inWidth
  for (let o = 0; o < s.outChannels; o++) {
    const firstPlane = o / outPerGroup * perGroup * plane
    const filter = weights + ((<usize>(o * perGroup * taps)) << 3)
    for (let top = 0; top < s.outHeight; top++) {
      const cornerY = top * s.strideY - s.paddingTop
      for (let left = 0; left < s.outWidth; left++, y += ROW_BYTES) {
        if (!take(y)) continue
        const a = y0, b = y1, c = y2, d = y3, e = y4, f = y5, g = y6, h = y7
        const cornerX = left * s.strideX - s.paddingLeft
        for (let ky = 0; ky < s.kernelHeight; ky++) {
          const iy = cornerY + ky * s.dilationY
          if (<u32>iy >= <u32>s.inHeight) continue
          for (let kx = 0; kx < s.kernelWidth; kx++) {
            const ix = cornerX + kx * s.dilationX
            if (<u32>ix >= <u32>s.inWidth) continue
            let to = x + <usize>(firstPlane + iy * s.inWidth + ix) * ROW_BYTES
            let weight = filter + ((<usize>(ky * s.kernelWidth + kx)) << 3)
            for (let channel = 0; channel < perGroup; channel++) {
              add(to, v128.load64_splat(weight), a, b, c, d, e, f, g, h)
              to += <usize>plane * ROW_BYTES
              weight += (<usize>taps) << 3
            }
          }
        }
      }
    }
  }
}

/** @param start, source, weight the entries of each output, as `SparseRows` has them; weights float64 */
export function scatterSparse(outputs: i32, start: Integers, source: Integers, weight: Doubles, y: Doubles, x: Doubles): void {
  for (let o = 0; o < outputs; o++, y += ROW_BYTES) {
    if (!take(y)) continue
    const a = y0, b = y1, c = y2, d = y3, e = y4, f = y5, g = y6, h = y7
    const end = load<i32>(start + ((<usize>o) << 2), 4)
    for (let k = load<i32>(start + ((<usize>o) << 2)); k < end; k++) {
      const to = x + <usize>load<i32>(source + ((<usize>k) << 2)) * ROW_BYTES
      add(to, v128.load64_splat(weight + ((<usize>k) << 3)), a, b, c, d, e, f, g, h)
    }
  }
}
