/**
 * Projected gradient descent (Madry et al. 2018) under ℓ∞ on a micro-batch, with the seam of src/attacks/gradient-attack.ts:
 *
 *   x ← clamp(x + stepSize · radius · sign ∇ soft margin(x))      soft margin = log Σ_{c≠y} e^{z_c} − z_y
 *
 * clamped to the part of the ball in the domain. Of start and steps, the point of smallest margin counts. A step is a
 * forward pass, a kernel per example, a backward pass and a kernel per input.
 */
import type { Shape } from '../../model/layers.ts'
import type { Domain } from '../../region/domain.ts'
import { Tape } from '../tape.ts'
import { type Normalisation, domainText } from './balls.ts'
import type { Batch } from './batch.ts'
import { read, update, write } from './kernel.ts'
import { float } from './literals.ts'
import type { Plan } from './plan.ts'
import { randomFunctions, streamOf } from './random.ts'
import type { Values } from './values.ts'

export interface Climb {
  /** Logits [class][stride] of normalised points [input][stride], on the tape, so that the gradient reaches the points. */
  readonly forward: (plan: Plan, tape: Tape | undefined, points: Values) => Values
  /** Whole balls or cut ones: centre, then radius, [2][input][stride]. */
  readonly box: Values
  readonly domain: Domain
  readonly normalisation: Normalisation
  readonly shape: Shape
  /** u32 [stride]: name the random streams of starts. */
  readonly identifiers: Values
  /** u32 [stride]. */
  readonly labels: Values
  readonly batch: Batch
  readonly classes: number
  readonly steps: number
  /** Length of a step as a fraction of the ball's radius. */
  readonly stepSize: number
  /** Start at a random point, by `step.attackSeed`, or at the centre. */
  readonly randomStart: boolean
}

/** @returns the points of smallest margin found, normalised, [input][stride] */
export function attack(plan: Plan, climb: Climb): Values {
  const { batch, forward, steps } = climb
  const point = start(plan, climb)
  const worst = plan.values('worst points', point.length)
  const smallest = plan.values('smallest margins', batch.stride)
  const isBetter = plan.values('is better', batch.stride)
  for (let step = 0; step <= steps; step++) {
    const [isFirst, isLast] = [step === 0, step === steps]
    // every step has a gradient of its own
    const points = plan.view(point, true)
    const tape = isLast ? undefined : new Tape()
    const logits = forward(plan, tape, points)
    judge(plan, logits, { climb, smallest, isBetter, isFirst, isLast })
    tape?.backward()
    move(plan, points, { climb, worst, isBetter, isFirst, isLast })
  }
  return worst
}

interface Judging {
  readonly climb: Climb
  readonly smallest: Values
  readonly isBetter: Values
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** Margins, whether they are smaller than before, and, unless it is the last time, the gradient of the soft margin. */
function judge(plan: Plan, logits: Values, { climb, smallest, isBetter, isFirst, isLast }: Judging): void {
  const { classes, batch, labels } = climb
  const { stride } = batch
  const gradient = isLast ? undefined : logits.intoGradient().values
  plan.each(
    'judge an attack',
    stride,
    {
      ...{ z: read(logits), labels: read(labels, 'u32') },
      smallest: isFirst ? write(smallest) : update(smallest),
      isBetter: write(isBetter, 'u32'),
      ...(gradient && { dz: write(gradient) }),
    },
    `  let label = labels[i];
  var largest = ${float(-FAR)};
  for (var c = 0u; c < ${classes}u; c++) {
    if (c != label) { largest = max(largest, z[c * ${stride}u + i]); }
  }
  let margin = z[label * ${stride}u + i] - largest;
  let better = ${isFirst ? 'true' : 'margin < smallest[i]'};
  if (better) { smallest[i] = margin; }
  isBetter[i] = u32(better);
  ${
    gradient
      ? `var sum = 0.0;
  for (var c = 0u; c < ${classes}u; c++) {
    if (c != label) { sum += exp(z[c * ${stride}u + i] - largest); }
  }
  for (var c = 0u; c < ${classes}u; c++) {
    let at = c * ${stride}u + i;
    dz[at] = select(exp(z[at] - largest) / sum, -1.0, c == label);
  }`
      : ''
  }`,
  )
}

/** No logit is smaller. */
const FAR = 2 ** 126

interface Moving {
  readonly climb: Climb
  readonly worst: Values
  readonly isBetter: Values
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** Keeps the points that are better and, unless it is the last time, takes the step. Where the gradient is NaN, x stays. */
function move(plan: Plan, points: Values, { climb, worst, isBetter, isFirst, isLast }: Moving): void {
  const { box, batch, stepSize } = climb
  const { length, gradient } = points
  const keep = isFirst ? 'worst[i] = x[i];' : `if (isBetter[i % ${batch.stride}u] == 1u) { worst[i] = x[i]; }`
  const keeps = isFirst ? { worst: write(worst) } : { isBetter: read(isBetter, 'u32'), worst: update(worst) }
  if (isLast) {
    plan.each('keep the worst points', length, { x: read(points), ...keeps }, keep)
    return
  }
  if (!gradient) throw new RangeError('the forward pass of an attack carries no gradient back to its points')
  plan.each(
    'step of an attack',
    length,
    { x: update(points), g: read(gradient), box: read(box), ...keeps },
    `  ${keep}
  let ends = endsOf(i);
  let length = ${float(stepSize)} * box[i + ${length}u];
  let g = g[i];
  x[i] = clamp(x[i] + select(0.0, length, g > 0.0) - select(0.0, length, g < 0.0), ends.x, ends.y);`,
    endsText(climb),
  )
}

/** The first points: centres, or uniform in the part of the ball in the domain. */
function start(plan: Plan, climb: Climb): Values {
  const { box, batch, identifiers, randomStart } = climb
  const { stride } = batch
  const length = box.length / 2
  const point = plan.values('points of an attack', length)
  if (!randomStart) {
    plan.each('start at the centre', length, { box: read(box), x: write(point) }, 'x[i] = box[i];')
    return point
  }
  plan.each(
    'start at random',
    length,
    { box: read(box), identifiers: read(identifiers, 'u32'), x: write(point) },
    `  let e = i % ${stride}u;
  let j = i / ${stride}u;
  let bits = philox(vec2u(step.attackSeed, ${streamOf('attack')}u), vec4u(identifiers[e], j / 4u, 0u, 0u));
  let ends = endsOf(i);
  let share = shareOf(bits)[j % 4u];
  x[i] = clamp(ends.x + share * (ends.y - ends.x), ends.x, ends.y);`,
    `${randomFunctions}\n${endsText(climb)}`,
  )
  return point
}

/** `fn endsOf(i: u32) -> vec2f`: where the part of the ball in the domain ends. It reads `box`. */
function endsText({ box, batch, domain, normalisation, shape: { height, width } }: Climb): string {
  return `${domainText(domain, normalisation)}
fn endsOf(i: u32) -> vec2f {
  let c = i / ${batch.stride * height * width}u;
  let radius = box[i + ${box.length / 2}u];
  return vec2f(max(lowest(c), box[i] - radius), min(highest(c), box[i] + radius));
}`
}

export interface SmallBox {
  /** Centre, then radius, [2][input][stride]. */
  readonly box: Values
  /** The new centre, [input][stride]; the box's own if left out. */
  readonly centre?: Values
  /** Of the radius. */
  readonly share: number
}

/** The box with `share` times the radius, around another centre (SABR, Müller et al. 2023). @returns [2][input][stride] */
export function smallBox(plan: Plan, { box, centre, share }: SmallBox): Values {
  const small = plan.values('smaller boxes', box.length)
  const length = box.length / 2
  plan.each(
    'smaller boxes',
    length,
    { box: read(box), ...(centre && { centre: read(centre) }), small: write(small) },
    `  small[i] = ${centre ? 'centre' : 'box'}[i];
  small[i + ${length}u] = ${float(share)} * box[i + ${length}u];`,
  )
  return small
}
