/**
 * The regularisers of interval training (Shi et al. 2021) on the GPU, as src/training/losses/regularisers.ts defines them:
 * with the mean radius r of a layer's bounds, r₀ of the inputs, and the centres c of bounds, m their mean,
 *
 *   L_tightness = relu(τ − r₀/r)/τ,  L_relu = (relu(τ − ρ) + relu(τ − ρ′))/τ
 *
 * ρ and ρ′ being the smaller through the larger of Σ |c| and of Σ (c − m)² over active and over inactive neurons. Where they
 * have no weight any more, nothing is summed.
 */
import type { Batch } from './batch.ts'
import { intoGradient, type Use, read, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import { pairUses, sumOverPairs } from './pair-sums.ts'
import { partsOf, summing } from './reduction.ts'
import type { Values } from './values.ts'

/** What they compare. */
export interface Compared {
  /** The box of the inputs: centres, then radii, [2][input][stride]. */
  readonly input: Values
  /** Bounds of every hidden stage: lower, then upper ones, [2][neuron][stride]. */
  readonly hidden: readonly Values[]
  readonly batch: Batch
}

/** Sums of a layer over radii and centres, and over centres c, c − m and (c − m)² of active and of inactive neurons. */
const [MEANS, PHASES] = [2, 6]
/** Numbers that a layer's gradient is made of: `Slopes` in WGSL. */
const SLOPES = 7

/**
 * Adds their gradients to those of the bounds. They have the weight `step.regularisation` times that of the real examples.
 * @returns their weighted value, [1]
 */
export function regularise(plan: Plan, { input, hidden, batch }: Compared): Values {
  const layers = hidden.length
  const value = plan.values('regularisers', 1)
  if (layers === 0) {
    plan.each('no regularisers', 1, { value: write(value) }, 'value[i] = 0.0;')
    return value
  }
  const parts = partsOf(plan, Math.max(...hidden.map(({ length }) => length / 2)))
  const means = plan.values('sums over bounds', (layers + 1) * MEANS * parts)
  const phases = plan.values('sums over phases', layers * PHASES * parts)
  const slopes = plan.values('slopes of regularisers', layers * SLOPES)
  const sumMeans = (pairs: readonly Values[], first: number, terms: string) =>
    sumOverPairs(plan, pairs, { batch, first, sums: means, count: MEANS, parts, terms, uses: {} })
  inParts(hidden, 7, (some, first) =>
    sumMeans(some, first, 'sums[0] += (high - low) / 2.0; sums[1] += (low + high) / 2.0;'),
  )
  sumMeans([input], layers, 'sums[0] += high;')
  inParts(hidden, 6, (some, first) =>
    sumOverPairs(plan, some, {
      ...{ batch, first, sums: phases, count: PHASES, parts, uses: { means: read(means) } },
      before: `var centres = 0.0;
  for (var part = lane; part < ${parts}u; part += TEAM) { centres += means[(layer * ${MEANS}u + 1u) * ${parts}u + part]; }
  m = sumOf(centres, lane) / (f32(step.count) * f32(rows));`,
      terms: `if (low <= 0.0 && high >= 0.0) { continue; }
      let centre = (low + high) / 2.0;
      let first = select(3u, 0u, low > 0.0);
      sums[first] += abs(centre);
      sums[first + 1u] += centre - m;
      sums[first + 2u] += (centre - m) * (centre - m);`,
    }),
  )
  settle(plan, { input, hidden, batch }, { means, phases, slopes, value, parts })
  inParts(hidden, 3, (some, first) => addGradients(plan, some, { batch, first, slopes }))
  return value
}

/** Kernels see so many values at once. */
function inParts(all: readonly Values[], most: number, visit: (some: readonly Values[], first: number) => void): void {
  for (let first = 0; first < all.length; first += most) visit(all.slice(first, first + most), first)
}

interface Sums {
  readonly means: Values
  readonly phases: Values
  readonly slopes: Values
  readonly value: Values
  readonly parts: number
}

/** What the sums come to: the value, and by what every bound moves it. One workgroup does it for all layers. */
function settle(plan: Plan, { input, hidden, batch }: Compared, { means, phases, slopes, value, parts }: Sums): void {
  const layers = hidden.length
  const rows = [...hidden, input].map(({ length }) => length / 2 / batch.stride)
  const [meanSums, phaseSums] = [(layers + 1) * MEANS, layers * PHASES]
  plan.run({
    name: 'regularisers',
    uses: { means: read(means), phases: read(phases), slopes: write(slopes), value: write(value) },
    groups: [1, 1, 1],
    ...summing(
      plan,
      `const ROWS = array<u32, ${layers + 1}>(${rows.map((n) => `${n}u`).join(', ')});
var<workgroup> meanSums: array<f32, ${meanSums}>;
var<workgroup> phaseSums: array<f32, ${phaseSums}>;
var<workgroup> losses: array<f32, ${layers}>;
${costOfRatio}`,
    ),
    main: `  for (var j = lane; j < ${meanSums}u; j += TEAM) {
    for (var part = 0u; part < ${parts}u; part++) { meanSums[j] += means[j * ${parts}u + part]; }
  }
  for (var j = lane; j < ${phaseSums}u; j += TEAM) {
    for (var part = 0u; part < ${parts}u; part++) { phaseSums[j] += phases[j * ${parts}u + part]; }
  }
  workgroupBarrier();
  let share = step.regularisation * step.weight * f32(step.count) / ${layers}.0;
  let count = f32(step.count);
  let input = meanSums[${layers * MEANS}] / (f32(ROWS[${layers}]) * count);
  for (var layer = lane; layer < ${layers}u; layer += TEAM) {
    let n = f32(ROWS[layer]) * count;
    let radius = meanSums[layer * ${MEANS}u] / n;
    var loss = 0.0;
    var toRadius = 0.0;
    // at ε = 0 there is nothing to compare
    if (input > 0.0 && radius > 0.0) {
      let ratio = input / radius;
      let tightness = costOf(ratio);
      loss = tightness.x;
      toRadius = -tightness.y * ratio / (radius * n);
    }
    let at = layer * ${PHASES}u;
    let byCentres = costOfBoth(phaseSums[at], phaseSums[at + 3u]);
    let bySquares = costOfBoth(phaseSums[at + 2u], phaseSums[at + 5u]);
    losses[layer] = loss + byCentres.x + bySquares.x;
    // through m, which every centre is a share of
    let through = -2.0 * (bySquares.y * phaseSums[at + 1u] + bySquares.z * phaseSums[at + 4u]) / n;
    let all = array<f32, ${SLOPES}>(meanSums[layer * ${MEANS}u + 1u] / n, through, toRadius,
      byCentres.y, bySquares.y, -byCentres.z, bySquares.z);
    for (var j = 0u; j < ${SLOPES}u; j++) {
      slopes[layer * ${SLOPES}u + j] = select(all[j] * select(share, 1.0, j == 0u), 0.0, share == 0.0);
    }
  }
  workgroupBarrier();
  if (lane > 0u) { return; }
  var sum = 0.0;
  for (var layer = 0u; layer < ${layers}u; layer++) { sum += losses[layer]; }
  value[0] = select(share * sum, 0.0, share == 0.0);`,
  })
}

/** Cost of a ratio and its slope; of the smaller of two sums through the larger, its cost and its slopes by both. */
const costOfRatio = `const TOLERANCE = 0.5;
fn costOf(ratio: f32) -> vec2f {
  return vec2f(max(0.0, TOLERANCE - ratio) / TOLERANCE, select(0.0, -1.0 / TOLERANCE, ratio < TOLERANCE));
}
fn costOfBoth(on: f32, off: f32) -> vec3f {
  let larger = max(on, off);
  // two zeros have no ratio; of smaller sums the quotients below would overflow
  if (larger < 1e-30) { return vec3f(); }
  let ratio = min(on, off) / larger;
  let cost = costOf(ratio);
  let toSmaller = cost.y / larger;
  let toLarger = -cost.y * ratio / larger;
  return select(vec3f(cost.x, toLarger, toSmaller), vec3f(cost.x, toSmaller, toLarger), on < off);
}`

interface Sloped {
  readonly batch: Batch
  /** Which layer the first of the pairs belongs to. */
  readonly first: number
  readonly slopes: Values
}

/** Threads of a workgroup, and most workgroups that go over a layer. */
const [THREADS, MOST] = [256, 1024]

function addGradients(plan: Plan, pairs: readonly Values[], { batch, first, slopes }: Sloped): void {
  const uses: Record<string, Use> = { slopes: read(slopes), ...pairUses(pairs) }
  const longest = Math.max(...pairs.map(({ length }) => length / 2))
  const wide = Math.min(MOST, Math.ceil(longest / THREADS))
  const loops = pairs.map((pair, i) => {
    const half = pair.length / 2
    const { use, assign } = intoGradient(pair)
    uses[`g${i}`] = use
    return `case ${i}u: {
    for (var i = group.x * ${THREADS}u + lane; i < ${half}u; i += ${wide * THREADS}u) {
      let slope = slopesOf(layer, x${i}[i], x${i}[i + ${half}u], i % ${batch.stride}u < step.count);
      g${i}[i] ${assign} slope.x;
      g${i}[i + ${half}u] ${assign} slope.y;
    }
  }`
  })
  plan.run({
    ...{ name: 'regularisers, to bounds', uses, workgroup: [THREADS, 1, 1], groups: [wide, pairs.length, 1] },
    declarations: `fn slopesOf(layer: u32, low: f32, high: f32, isReal: bool) -> vec2f {
  if (!isReal) { return vec2f(); }
  let at = layer * ${SLOPES}u;
  let toRadius = slopes[at + 2u];
  var toCentre = slopes[at + 1u];
  if (low > 0.0 || high < 0.0) {
    let phase = at + select(5u, 3u, low > 0.0);
    toCentre += slopes[phase] + 2.0 * slopes[phase + 1u] * ((low + high) / 2.0 - slopes[at]);
  }
  return vec2f(toCentre - toRadius, toCentre + toRadius) / 2.0;
}`,
    main: `  let layer = group.y + ${first}u;
  switch group.y {
  ${loops.join('\n  ')}
  default: {}
  }`,
  })
}
