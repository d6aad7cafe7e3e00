/**
 * Bounds over the reference adversarial space (Li et al. 2019, Section 5.4) over ℓ∞ balls, row by row: η, the lower median
 * of the positive transition points −ν̂_j/q̂_j, or 0; the bound is the short form of Eqn. 11,
 *
 *   h = x·ν̂₁ + Σ radius_j sgn(ν̂_1j + η q̂_1j) ν̂_1j + Σ ν·b − Σ l[ν]₊,   t₀ = Σ radius_j sgn(…) q̂_1j + C
 *
 * with η and t₀ constants for the gradient. The median is exact: its bits are found eight at a time. Sound over the reference
 * space only: an objective for training. src/reference-space/ is the same on the CPU, where the statistics are explained.
 */
import type { Tape } from '../tape.ts'
import { intoGradient, read, spread, write } from './kernel.ts'
import type { Plan } from './plan.ts'
import type { RowsAtImage } from './rows-close.ts'
import { type RowSet, ofQuad, rowCount } from './rows.ts'
import type { Slice } from './statistics.ts'
import type { Values } from './values.ts'

export interface RowsWithReference {
  readonly own: RowsAtImage
  /** Of g, over the same examples. No gradient goes there. */
  readonly reference: RowsAtImage
  readonly rows: RowSet
  /** [2][input][stride]: centre, radius. */
  readonly box: Values
  /** u32, [stride]. */
  readonly labels: Values
  readonly classes: number
}

/** WGSL: transition points of four rows (0 where there is none), and the signs at η: 0 at η's own input. */
const functions = `fn transitions(own: vec4f, reference: vec4f) -> vec4f {
  let isThere = abs(reference) >= vec4f(1e-7);
  return select(vec4f(), -own / select(vec4f(1.0), reference, isThere), isThere);
}
fn signs(own: vec4f, reference: vec4f, eta: vec4f) -> vec4f {
  let sum = own + eta * reference;
  // quotients round as they like, each time another way: at η's own input this much is left
  let isIt = (eta > vec4f()) & (abs(reference) >= vec4f(1e-7)) & (abs(sum) <= 1e-6 * abs(own));
  return select(sign(sum), vec4f(), isIt);
}`

/** Sums over rows: Σ t₀, and how many constraints at t = 0 are loose, tight, infeasible. Examples that are not real have none. */
export type SpaceStatistics = Readonly<Record<(typeof statistics)[number], Slice>>
const statistics = ['t', 'loose', 'tight', 'infeasible'] as const

/**
 * Upper bounds of f's margins over g's adversarial space, [row] = [example · each + target]; 0 at the label and in padding.
 */
export function closeOverReference(
  plan: Plan,
  tape: Tape | undefined,
  { own: { coefficients, sums }, reference, box, rows, labels, classes }: RowsWithReference,
): { readonly margins: Values; readonly statistics: SpaceStatistics } {
  sums.check()
  reference.sums.check()
  const { team } = plan.target
  const all = rowCount(rows)
  const [quads, inputs] = [all / 4, coefficients.length / all]
  const { stride } = rows.batch
  const margins = plan.values('margins', all, tape !== undefined && coefficients.wantsGradient)
  // η, and behind it t₀ and what the constraint at t = 0 is, as 0 or 1
  const found = plan.values('multipliers and statistics of spaces', 5 * all)
  const places = `for (var j = lane; j < ${inputs}u; j += ${team}u) {
    let own = coefficients[j * ${quads}u + quad];
    let other = reference[j * ${quads}u + quad];`
  const { groups, part } = spread(quads)
  plan.run({
    name: 'rows meet those of the reference',
    uses: {
      ...{
        coefficients: read(coefficients, 'vec4f'),
        reference: read(reference.coefficients, 'vec4f'),
        box: read(box),
      },
      ...{ sums: read(sums.parts, 'vec4f'), referenceSums: read(reference.sums.parts, 'vec4f') },
      ...{ labels: read(labels, 'u32'), margins: write(margins, 'vec4f'), found: write(found, 'vec4f') },
    },
    ...{ workgroup: [team, 1, 1], groups },
    declarations: `${functions}
/** How many transition points have each digit: [row][digit], and of each 16 digits together. */
var<workgroup> digits: array<atomic<u32>, 1024>;
var<workgroup> sixteens: array<u32, 64>;
/** What is known of the median's bits, and how many of the points that begin so are before it. */
var<workgroup> prefix: array<u32, 4>;
var<workgroup> rank: array<u32, 4>;
var<workgroup> total: array<u32, 4>;
var<workgroup> terms: array<vec4f, ${team}>;
fn sumOf(x: vec4f, lane: u32) -> vec4f {
  terms[lane] = x;
  for (var half = ${team / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { terms[lane] += terms[lane + half]; }
  }
  return workgroupUniformLoad(&terms[0]);
}`,
    main: `  let quad = ${part};
  if (quad >= ${quads}u) { return; }
${ofQuad(rows)}
  for (var round = 0u; round < 4u; round++) {
    let shift = 24u - 8u * round;
    for (var digit = lane; digit < 1024u; digit += ${team}u) { atomicStore(&digits[digit], 0u); }
    let known = workgroupUniformLoad(&prefix);
    ${places}
    let points = transitions(own, other);
    let bits = bitcast<vec4u>(points);
    for (var k = 0u; k < 4u; k++) {
      if (points[k] > 0.0 && (round == 0u || (bits[k] >> (shift + 8u)) == known[k])) {
        atomicAdd(&digits[256u * k + ((bits[k] >> shift) & 255u)], 1u);
      }
    }
    }
    workgroupBarrier();
    for (var some = lane; some < 64u; some += ${team}u) {
      var sum = 0u;
      for (var digit = 16u * some; digit < 16u * some + 16u; digit++) { sum += atomicLoad(&digits[digit]); }
      sixteens[some] = sum;
    }
    workgroupBarrier();
    if (lane < 4u) {
      if (round == 0u) {
        var sum = 0u;
        for (var k = 16u * lane; k < 16u * lane + 16u; k++) { sum += sixteens[k]; }
        total[lane] = sum;
        rank[lane] = (max(sum, 1u) - 1u) / 2u;
      }
      var before = 0u;
      var k = 0u;
      while (k < 15u && before + sixteens[16u * lane + k] <= rank[lane]) { before += sixteens[16u * lane + k]; k++; }
      var digit = 16u * k;
      while (digit < 16u * k + 15u) {
        let count = atomicLoad(&digits[256u * lane + digit]);
        if (before + count > rank[lane]) { break; }
        before += count;
        digit++;
      }
      rank[lane] -= before;
      prefix[lane] = (prefix[lane] << 8u) | digit;
    }
    workgroupBarrier();
  }
  var eta = vec4f();
  for (var k = 0u; k < 4u; k++) { if (total[k] > 0u) { eta[k] = bitcast<f32>(prefix[k]); } }

  var bound = vec4f();
  var constant = vec4f();
  var along = vec4f();
  var aboveZero = vec4f();
  var beyond = vec4f();
  ${places}
    let centre = box[j * ${stride}u + example];
    let radius = box[${inputs * stride}u + j * ${stride}u + example];
    let s = signs(own, other, eta);
    bound += centre * own + radius * s * own;
    constant += centre * other;
    along += radius * s * other;
    aboveZero += radius * select(sign(own) * other, abs(other), own == vec4f());
    beyond += radius * abs(other);
  }
  for (var part = lane; part < ${sums.count}u; part += ${team}u) {
    bound += sums[part * ${3 * quads}u + quad] + sums[part * ${3 * quads}u + ${2 * quads}u + quad];
  }
  for (var part = lane; part < ${reference.sums.count}u; part += ${team}u) {
    constant += referenceSums[part * ${3 * quads}u + quad] + referenceSums[part * ${3 * quads}u + ${2 * quads}u + quad];
  }
  bound = sumOf(bound, lane);
  constant = sumOf(constant, lane);
  along = sumOf(along, lane) + constant;
  let lowest = sumOf(aboveZero, lane) + constant;
  let highest = sumOf(beyond, lane) + constant;
  if (lane > 0u) { return; }
  margins[quad] = bound;
  found[quad] = eta;
  var goals = quad % ${rows.each / 4}u * 4u + vec4u(0u, 1u, 2u, 3u);
  let counts = (goals != vec4u(labels[example])) & (goals < vec4u(${classes}u)) & vec4<bool>(example < step.count);
  let isLoose = lowest >= vec4f();
  let isTight = !isLoose & (highest > vec4f());
  found[${quads}u + quad] = select(vec4f(), along, counts);
  found[${2 * quads}u + quad] = select(vec4f(), vec4f(1.0), counts & isLoose);
  found[${3 * quads}u + quad] = select(vec4f(), vec4f(1.0), counts & isTight);
  found[${4 * quads}u + quad] = select(vec4f(), vec4f(1.0), counts & !isLoose & !isTight);`,
  })
  if (margins.wantsGradient) {
    tape!.record(() => {
      const { gradient } = margins
      if (!gradient) return
      const below = intoGradient(coefficients, 'vec4f')
      const ends = intoGradient(sums.ends, 'vec4f')
      plan.each(
        'gradient of rows and their reference',
        quads * inputs,
        {
          ...{ coefficients: read(coefficients, 'vec4f'), reference: read(reference.coefficients, 'vec4f') },
          ...{ box: read(box), found: read(found, 'vec4f'), above: read(gradient, 'vec4f') },
          ...{ below: below.use, ends: ends.use },
        },
        `  let quad = i % ${quads}u;
${ofQuad(rows)}
  let upper = above[quad];
  if (i < ${quads}u) {
    ends[quad] ${ends.assign} vec4f();
    ends[${quads}u + quad] ${ends.assign} upper;
  }
  let at = i / ${quads}u * ${stride}u + example;
  let s = signs(coefficients[i], reference[i], found[quad]);
  below[i] ${below.assign} (box[at] + box[${inputs * stride}u + at] * s) * upper;`,
        functions,
      )
    })
  }
  const slices = statistics.map((name, i) => [name, { values: found, first: (i + 1) * all, length: all }])
  return { margins, statistics: Object.fromEntries(slices) as SpaceStatistics }
}
