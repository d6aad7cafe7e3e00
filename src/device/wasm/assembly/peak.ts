/** Multiply-adds on registers alone: the machine's peak, for benchmarks to be measured against. */
import { Floats } from './pointers'
import { madd } from './simd'

/** 80 floating-point operations per repetition. Factors come from memory so that they stay in registers. */
export function multiplyAddPeak(repetitions: i32, factors: Floats): void {
  const m = v128.load(factors), c = v128.load(factors, 16)
  let a0 = m, a1 = c, a2 = m, a3 = c, a4 = m, a5 = c, a6 = m, a7 = c, a8 = m, a9 = c
  for (let i = 0; i < repetitions; i++) {
    a0 = step(a0, m, c); a1 = step(a1, m, c); a2 = step(a2, m, c); a3 = step(a3, m, c); a4 = step(a4, m, c)
    a5 = step(a5, m, c); a6 = step(a6, m, c); a7 = step(a7, m, c); a8 = step(a8, m, c); a9 = step(a9, m, c)
  }
  a0 = f32x4.add(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)), f32x4.add(f32x4.add(a4, a5), f32x4.add(a6, a7)))
  v128.store(factors, f32x4.add(a0, f32x4.add(a8, a9)), 32)
}

/** Without fused instructions the product must depend on the accumulator, or a compiler takes it out of the loop. */
@inline
function step(a: v128, m: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return madd(m, c, a)
  } else {
    return madd(a, m, c)
  }
}
