/** Sums over the threads of a workgroup, in one order whatever runs first, so that two runs give the same bits. */

/** Threads of a workgroup that sums. */
export const REDUCED = 256
const GROUP = Math.sqrt(REDUCED)

/** How many workgroups share a sum: one for a few numbers, since software drivers take long for each. */
export const partsOf = (numbers: number): number => Math.min(128, Math.ceil(numbers / (8 * REDUCED)))

/** `sumOf(x, lane)`: the sum of the x of all threads, which all of them must ask for, and all of them get. */
export const reduction = `var<workgroup> terms: array<f32, ${REDUCED}>;
var<workgroup> partial: array<f32, ${GROUP}>;
fn sumOf(x: f32, lane: u32) -> f32 {
  terms[lane] = x;
  workgroupBarrier();
  if (lane < ${GROUP}u) {
    var sum = 0.0;
    for (var j = lane; j < ${REDUCED}u; j += ${GROUP}u) { sum += terms[j]; }
    partial[lane] = sum;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var j = 0u; j < ${GROUP}u; j++) { total += partial[j]; }
  return total;
}`
