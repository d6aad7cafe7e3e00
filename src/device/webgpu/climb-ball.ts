/**
 * Starts and steps of attacks under ℓ2, in shares of the radius, where the ball is a unit ball and the part in the domain a
 * box around its centre:
 *
 *   u ← clamp(u + stepSize · s/‖s‖),  u ← u / max(1, ‖u‖)      u = (x − centre)/radius, s = gradient · radius
 *
 * A workgroup has an example, whose lengths need all its inputs. As src/region/ball-steps.ts has it on the CPU.
 * Sources: Madry et al. 2018; Muller 1959 (uniform in a ball).
 */
import { type Climb, type Moving, type Points, endsText, keeping } from './climb-box.ts'
import { type Use, read, update, write } from './kernel.ts'
import { float } from './literals.ts'
import type { Plan } from './plan.ts'
import { randomFunctions, streamOf } from './random.ts'
import { summing } from './reduction.ts'
import type { Values } from './values.ts'

/** Keeps the points that are better, and takes the step. Where the gradient is zero or NaN, x stays. */
export function moveInBall(plan: Plan, { values, gradient }: Points, moving: Moving): void {
  const { climb } = moving
  const { keeps, keep } = keeping(moving)
  const half = climb.box.length / 2
  overExamples(plan, 'step of an attack', climb, {
    uses: { x: update(values), g: read(gradient), box: read(climb.box), ...keeps },
    declarations: `fn stepped(i: u32, steepness: f32) -> f32 {
  let r = box[i + ${half}u];
  if (r <= 0.0) { return 0.0; }
  let room = (endsOf(i) - box[i]) / r;
  let by = select(0.0, ${float(climb.stepSize)} * (g[i] * r / steepness), steepness > 0.0);
  return clamp((x[i] - box[i]) / r + by, room.x, room.y);
}`,
    main: `  var slopes = 0.0;
  ${forEach(`let slope = g[i] * box[i + ${half}u]; slopes = fma(slope, slope, slopes);`)}
  let steepness = sqrt(sumOf(slopes, lane));
  var squares = 0.0;
  ${forEach('let u = stepped(i, steepness); squares = fma(u, u, squares);')}
  let reach = max(1.0, sqrt(sumOf(squares, lane)));
  ${forEach(`${keep}
    let ends = endsOf(i);
    x[i] = clamp(fma(stepped(i, steepness) / reach, box[i + ${half}u], box[i]), ends.x, ends.y);`)}`,
  })
}

/** The first points: uniform in the ball, then moved into the domain. */
export function startInBall(plan: Plan, point: Values, climb: Climb): void {
  const { box, identifiers, batch } = climb
  const inputs = point.length / batch.stride
  overExamples(plan, 'start at random', climb, {
    uses: { box: read(box), identifiers: read(identifiers, 'u32'), x: write(point) },
    declarations: `${randomFunctions}
fn drawn(e: u32, fours: u32, use_of: u32) -> vec4f {
  return shareOf(philox(vec2u(step.attackSeed, ${streamOf('attack')}u), vec4u(identifiers[e], fours, use_of, 0u)));
}
fn normalAt(e: u32, j: u32) -> f32 {
  let u = drawn(e, j / 4u, 0u);
  let pair = select(u.xy, u.zw, (j & 2u) != 0u);
  let angle = ${float(2 * Math.PI)} * pair.y;
  return sqrt(-2.0 * log(1.0 - pair.x)) * select(cos(angle), sin(angle), (j & 1u) != 0u);
}`,
    main: `  var squares = 0.0;
  ${forEach(`let u = normalAt(e, i / ${batch.stride}u); squares = fma(u, u, squares);`)}
  let length = sqrt(sumOf(squares, lane));
  let reach = select(0.0, pow(drawn(e, 0u, 1u).x, ${float(1 / inputs)}) / length, length > 0.0);
  ${forEach(`let ends = endsOf(i);
    let u = reach * normalAt(e, i / ${batch.stride}u);
    x[i] = clamp(fma(u, box[i + ${point.length}u], box[i]), ends.x, ends.y);`)}`,
  })
}

/** Statements for every input `i` of the workgroup's example. */
const forEach = (statements: string) => `for (var i = e + lane * stride; i < all; i += TEAM * stride) {
    ${statements}
  }`

/** A kernel of a workgroup for each example `e`. */
function overExamples(
  plan: Plan,
  name: string,
  climb: Climb,
  { uses, declarations, main }: { uses: Readonly<Record<string, Use>>; declarations: string; main: string },
): void {
  const { stride } = climb.batch
  const own = `const stride = ${stride}u;
const all = ${climb.box.length / 2}u;
${endsText(climb)}
${declarations}`
  plan.run({
    ...{ name, uses, ...summing(plan, own), groups: [stride, 1, 1] },
    main: `  let e = group.x;
${main}`,
  })
}
