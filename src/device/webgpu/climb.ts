/**
 * Projected gradient descent (Madry et al. 2018) on a micro-batch, as src/attacks/gradient-attack.ts does it. Under ℓ∞:
 *
 *   x ← clamp(x + stepSize · radius · sign ∇ soft margin(x))      soft margin = log Σ_{c≠y} e^{z_c} − z_y
 *
 * clamped to the part of the ball in the domain; under ℓ2 see climb-ball.ts. Of start and steps, the point of smallest margin
 * counts. A step is a forward pass, a kernel that judges, a backward pass and a kernel that moves.
 */
import { Tape } from '../tape.ts'
import { moveInBall, startInBall } from './climb-ball.ts'
import { type Climb, keeping, moveInBox, startInBox } from './climb-box.ts'
import { read, update, write } from './kernel.ts'
import { float } from './literals.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

export type { Climb } from './climb-box.ts'

const ways = {
  linf: { start: startInBox, move: moveInBox },
  l2: { start: startInBall, move: moveInBall },
}

/**
 * @returns the points of smallest margin found, normalised, [input][stride]
 * @throws RangeError under ℓ1
 */
export function attack(plan: Plan, climb: Climb): Values {
  const { batch, box, forward, norm, randomStart, steps } = climb
  if (norm === 'l1') throw new RangeError('attacks on a GPU are under ℓ∞ and ℓ2')
  const way = ways[norm]
  const length = box.length / 2
  const point = plan.values('points of an attack', length)
  if (randomStart) way.start(plan, point, climb)
  else plan.each('start at the centre', length, { box: read(box), x: write(point) }, 'x[i] = box[i];')
  const worst = plan.values('worst points', length)
  const smallest = plan.values('smallest margins', batch.stride)
  const isBetter = plan.values('is better', batch.stride)
  for (let step = 0; step <= steps; step++) {
    const [isFirst, isLast] = [step === 0, step === steps]
    // every step has a gradient of its own
    const points = plan.view(point, true)
    const tape = isLast ? undefined : new Tape()
    const logits = forward(plan, tape, points)
    judge(plan, logits, { climb, smallest, isBetter, isFirst, isLast })
    const moving = { climb, worst, isBetter, isFirst }
    if (isLast) {
      const { keeps, keep } = keeping(moving)
      plan.each('keep the worst points', length, { x: read(points), ...keeps }, keep)
      continue
    }
    tape?.backward()
    const { gradient } = points
    if (!gradient) throw new RangeError('the forward pass of an attack carries no gradient back to its points')
    way.move(plan, { values: points, gradient }, moving)
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
