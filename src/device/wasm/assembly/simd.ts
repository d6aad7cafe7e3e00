/** Small SIMD helpers shared by the kernels. All values are float32, four to a vector. */

/** a · b + c: fused where the machine has relaxed SIMD, else two roundings. Bounds allow for both. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return f32x4.relaxed_madd(a, b, c)
  } else {
    return f32x4.add(f32x4.mul(a, b), c)
  }
}

/** Sum of the four lanes. */
@inline
export function sum(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1))
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1)
}

/** The four sums of four vectors, as one vector. */
@inline
export function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
}

/** max(v, 0), lane by lane. */
@inline
export function positive(v: v128): v128 {
  return f32x4.pmax(v, f32x4.splat(0))
}

/** `madd` of two float64 lanes. */
@inline
export function madd64(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return f64x2.relaxed_madd(a, b, c)
  } else {
    return f64x2.add(f64x2.mul(a, b), c)
  }
}
