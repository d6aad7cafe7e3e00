/** Sums over the threads of a workgroup, in one order whatever runs first, so that two runs give the same bits. */

/** Threads of a workgroup that sums. */
export const REDUCED = 256

/** `sumOf(x, lane)`: the sum of the x of all threads, which all of them must ask for, and all of them get. */
export const reduction = `var<workgroup> terms: array<f32, ${REDUCED}>;
fn sumOf(x: f32, lane: u32) -> f32 {
  terms[lane] = x;
  for (var half = ${REDUCED / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { terms[lane] += terms[lane + half]; }
  }
  return workgroupUniformLoad(&terms[0]);
}`
