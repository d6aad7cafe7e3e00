/**
 * Starts and steps of attacks under ℓ∞, where the ball is a box, and what those under other norms share with them.
 */
import type { Shape } from '../../model/layers.ts'
import type { Domain } from '../../region/domain.ts'
import type { Norm } from '../../region/norm.ts'
import type { Tape } from '../tape.ts'
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
  /**
   * Centre, then radius, [2][input][stride]. ℓ∞: balls whole or cut. ℓ2: whole ones, all x for which the vector
   * (x_j − centre_j)/radius_j is not longer than 1.
   */
  readonly box: Values
  readonly norm: Norm
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

/** Where a step is. */
export interface Moving {
  readonly climb: Climb
  readonly worst: Values
  readonly isBetter: Values
  readonly isFirst: boolean
}

/** Points with the gradient that has come back to them. */
export interface Points {
  readonly values: Values
  readonly gradient: Values
}

/** WGSL that keeps point `i` if it is better, and what it uses. */
export const keeping = ({ climb: { batch }, worst, isBetter, isFirst }: Moving) =>
  isFirst
    ? { keeps: { worst: write(worst) }, keep: 'worst[i] = x[i];' }
    : {
        keeps: { isBetter: read(isBetter, 'u32'), worst: update(worst) },
        keep: `if (isBetter[i % ${batch.stride}u] == 1u) { worst[i] = x[i]; }`,
      }

/** Keeps the points that are better, and takes the step. Where the gradient is NaN, x stays. */
export function moveInBox(plan: Plan, points: Points, moving: Moving): void {
  const { box, stepSize } = moving.climb
  const { values, gradient } = points
  const { length } = values
  const { keeps, keep } = keeping(moving)
  plan.each(
    'step of an attack',
    length,
    { x: update(values), g: read(gradient), box: read(box), ...keeps },
    `  ${keep}
  let ends = endsOf(i);
  let length = ${float(stepSize)} * box[i + ${length}u];
  let g = g[i];
  x[i] = clamp(x[i] + select(0.0, length, g > 0.0) - select(0.0, length, g < 0.0), ends.x, ends.y);`,
    endsText(moving.climb),
  )
}

/** The first points: uniform in the part of the ball in the domain. */
export function startInBox(plan: Plan, point: Values, climb: Climb): void {
  const { box, batch, identifiers } = climb
  const { stride } = batch
  plan.each(
    'start at random',
    point.length,
    { box: read(box), identifiers: read(identifiers, 'u32'), x: write(point) },
    `  let e = i % ${stride}u;
  let j = i / ${stride}u;
  let bits = philox(vec2u(step.attackSeed, ${streamOf('attack')}u), vec4u(identifiers[e], j / 4u, 0u, 0u));
  let ends = endsOf(i);
  let share = shareOf(bits)[j % 4u];
  x[i] = clamp(ends.x + share * (ends.y - ends.x), ends.x, ends.y);`,
    `${randomFunctions}\n${endsText(climb)}`,
  )
}

/** `fn endsOf(i: u32) -> vec2f`: where the part of the ball in the domain ends. It reads `box`. */
export function endsText({ box, batch, domain, normalisation, shape: { height, width } }: Climb): string {
  return `${domainText(domain, normalisation)}
fn endsOf(i: u32) -> vec2f {
  let c = i / ${batch.stride * height * width}u;
  let radius = box[i + ${box.length / 2}u];
  return vec2f(max(lowest(c), box[i] - radius), min(highest(c), box[i] + radius));
}`
}
