/** Sums over the threads of a workgroup, in one order whatever runs first, so that two runs give the same bits. */

/** Threads of a workgroup that sums. */
export const REDUCED = 256

/** How many workgroups share a sum: one for a few numbers, since software drivers take long for each. */
export const partsOf = (numbers: number): number => Math.min(128, Math.ceil(numbers / (8 * REDUCED)))

/**
 * `sumOf(x, lane)`: the sum of the x of all threads, which all of them must ask for, and all of them get.
 * @param threads a power of 2
 */
export function reductionOf(threads: number): string {
  const group = 2 ** Math.ceil(Math.log2(threads) / 2)
  return `var<workgroup> terms: array<f32, ${threads}>;
var<workgroup> partial: array<f32, ${group}>;
fn sumOf(x: f32, lane: u32) -> f32 {
  terms[lane] = x;
  workgroupBarrier();
  if (lane < ${group}u) {
    var sum = 0.0;
    for (var j = lane; j < ${threads}u; j += ${group}u) { sum += terms[j]; }
    partial[lane] = sum;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var j = 0u; j < ${group}u; j++) { total += partial[j]; }
  return total;
}`
}

export const reduction = reductionOf(REDUCED)
