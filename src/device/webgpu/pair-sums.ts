/**
 * Sums over the bounds of hidden layers, which the regularisers of interval training compare (regularisers.ts). Workgroups share
 * a sum in parts, each of which is added up in a fixed order.
 */
import type { Batch } from './batch.ts'
import { type Use, read, update } from './kernel.ts'
import type { Plan } from './plan.ts'
import { summing } from './reduction.ts'
import type { Values } from './values.ts'

export interface PairSums {
  readonly batch: Batch
  /** Which layer the first of the pairs belongs to. */
  readonly first: number
  /** [layer][count][part] */
  readonly sums: Values
  readonly count: number
  /** Workgroups that share a sum. */
  readonly parts: number
  readonly uses: Readonly<Record<string, Use>>
  /** WGSL that makes `m`, the mean centre of the layer. */
  readonly before?: string
  /** WGSL that adds a pair's `low` and `high` to `sums`. */
  readonly terms: string
}

/** Sums over the pairs of some layers, for real examples. */
export function sumOverPairs(
  plan: Plan,
  pairs: readonly Values[],
  { batch, first, before = '', ...sum }: PairSums,
): void {
  const { sums, count, parts, uses, terms } = sum
  const loops = pairs.map(({ length }, i) => {
    const half = length / 2
    return `case ${i}u: {
    for (var i = group.x * TEAM + lane; i < ${half}u; i += ${parts}u * TEAM) {
      if (i % ${batch.stride}u >= step.count) { continue; }
      let low = x${i}[i];
      let high = x${i}[i + ${half}u];
      ${terms}
    }
  }`
  })
  const rows = pairs.map(({ length }) => length / 2 / batch.stride)
  plan.run({
    name: 'regularisers, sums',
    uses: { ...pairUses(pairs), ...uses, into: update(sums) },
    ...{ groups: [parts, pairs.length, 1], ...summing(plan) },
    main: `  if (step.regularisation == 0.0) { return; }
  let layer = group.y + ${first}u;
  let rows = array<u32, ${rows.length}>(${rows.map((n) => `${n}u`).join(', ')})[group.y];
  var m = 0.0;
  ${before}
  var sums: array<f32, ${count}>;
  switch group.y {
  ${loops.join('\n  ')}
  default: {}
  }
  for (var j = 0u; j < ${count}u; j++) {
    let total = sumOf(sums[j], lane);
    if (lane == 0u) { into[(layer * ${count}u + j) * ${parts}u + group.x] = total; }
  }`,
  })
}

/** The pairs of some layers, as kernels see them: `x0`, `x1` … */
export const pairUses = (pairs: readonly Values[]): Record<string, Use> =>
  Object.fromEntries(pairs.map((pair, i) => [`x${i}`, read(pair)]))
