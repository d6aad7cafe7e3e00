/** Sums over the threads of a workgroup, in one order whatever runs first, so that two runs give the same bits. */
import type { KernelText } from './kernel.ts'
import type { Plan } from './plan.ts'

/** How many workgroups share a sum of so many numbers: as many as each has work for. */
export const partsOf = ({ target: { team } }: Plan, numbers: number): number =>
  Math.min(128, Math.ceil(numbers / (8 * team)))

/**
 * What a kernel needs whose threads sum together: `TEAM`, how many they are, and `sumOf(x, lane)`, the sum of the x of all
 * threads, which all of them must ask for, and all of them get.
 */
export function summing(
  { target: { team } }: Plan,
  declarations = '',
): Required<Pick<KernelText, 'workgroup' | 'declarations'>> {
  // in two steps, since barriers cost more than a few additions
  const few = 2 ** Math.ceil(Math.log2(team) / 2)
  return {
    workgroup: [team, 1, 1],
    declarations: `const TEAM = ${team}u;
var<workgroup> terms: array<f32, ${team}>;
var<workgroup> partial: array<f32, ${few}>;
fn sumOf(x: f32, lane: u32) -> f32 {
  terms[lane] = x;
  workgroupBarrier();
  if (lane < ${few}u) {
    var sum = 0.0;
    for (var j = lane; j < TEAM; j += ${few}u) { sum += terms[j]; }
    partial[lane] = sum;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var j = 0u; j < ${few}u; j++) { total += partial[j]; }
  return total;
}
${declarations}`,
  }
}
