/**
 * WGSL for numbers that its own functions lose. Compilers of shaders may take it that there is no NaN and no infinity, so that
 * comparisons do not find them: their bits do. `log` and `exp` round near 1, where small losses lie:
 *
 *   log1p(x) = 2·artanh(x/(2 + x)),  lost(x) = 1 − exp(−x)
 *
 * Values that may be NaN are stored as bits, since WGSL has no constant for it.
 */

/** `isFinite(x)`, and `NOT_A_NUMBER`, the bits of one. */
export const finiteness = `const NOT_A_NUMBER = 0x7fc00000u;
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }`

/** `log1p(x)` = log(1 + x) and `lost(x)` = 1 − exp(−x), both for x ≥ 0 and to some 1e-6 of themselves. */
export const nearOne = `fn log1p(x: f32) -> f32 {
  if (x > 0.25) { return log(1.0 + x); }
  let s = x / (2.0 + x);
  let q = s * s;
  return 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q / 9.0))));
}
fn lost(x: f32) -> f32 {
  if (x > 0.25) { return 1.0 - exp(-x); }
  return x * (1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0 * (1.0 - x / 7.0))))));
}`
