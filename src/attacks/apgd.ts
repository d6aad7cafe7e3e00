/**
 * Auto-PGD: projected gradient ascent with momentum and a step size that halves itself where it has become too large.
 *
 *   z = P(x_k + η·steepest),  x_{k+1} = P(x_k + α(z − x_k) + (1 − α)(x_k − x_{k−1}))
 *
 * η starts at twice the radius. At each checkpoint it is halved, and the ascent returns to its best point, if fewer than
 * three quarters of the steps since the last checkpoint have climbed, or if neither η nor the best value has changed.
 * Sound: what it finds counts once float64 has confirmed it. Complete: no.
 * Source: Croce & Hein 2020, Algorithm 1; ℓ1 with the sparse steps of ball-steps.ts.
 */
import type { Random } from '../base/random.ts'
import { lengthIn, moveIntoBall, randomInBall, stepInBall } from '../region/ball-steps.ts'
import { type Attack, type Victim, likelyTargets } from './dialogue.ts'
import { type Loss, softMargin, targetedLoss } from './losses.ts'

const MOMENTUM = 0.75
const CLIMBING_SHARE = 0.75

/** One ascent of the cross-entropy. */
export function* apgdCrossEntropy(victim: Victim, steps: number): Attack {
  yield* apgd(victim, softMargin(victim.label), { steps, random: victim.random('apgd-ce') })
}

/** One ascent of the targeted DLR loss for each likely target. */
export function* apgdTargeted(victim: Victim, steps: number): Attack {
  const { classes, label } = victim
  const random = victim.random('apgd-t')
  for (const target of yield* likelyTargets(victim)) {
    yield* apgd(victim, targetedLoss(classes, label, target), { steps, random })
  }
}

/** @param steps as many gradients are asked for, and one more at the start, a random point of the ball's surface */
export function* apgd(
  victim: Victim,
  loss: Loss,
  { steps, random }: { readonly steps: number; readonly random: Random },
): Attack {
  const { norm, room } = victim
  let [x, size] = [startOf(victim, random), 2]
  let { value, gradient } = yield { at: x, loss }
  let best = { x, value, gradient }
  let before = x
  const checkpoints = checkpointsOf(steps)
  let check = { step: 0, best: value, isHalved: true }
  let climbed = 0
  for (let step = 1; step <= steps; step++) {
    const z = x.slice()
    stepInBall(z, gradient, { norm, size, room })
    if (step > 1) {
      for (let i = 0; i < z.length; i++)
        z[i] = x[i]! + MOMENTUM * (z[i]! - x[i]!) + (1 - MOMENTUM) * (x[i]! - before[i]!)
      moveIntoBall(norm, z, room)
    }
    ;[before, x] = [x, z]
    const reply = yield { at: x, loss }
    if (reply.value > value) climbed++
    ;({ value, gradient } = reply)
    if (value > best.value) best = { x, value, gradient }
    if (!checkpoints.has(step)) continue
    const isStuck = !check.isHalved && check.best === best.value
    const isHalved = isStuck || climbed < CLIMBING_SHARE * (step - check.step)
    if (isHalved) {
      size /= 2
      ;({ x, value, gradient } = best)
    }
    check = { step, best: best.value, isHalved }
    climbed = 0
  }
}

/** After which steps the step size is looked at: 22 % of them, then in distances that shrink from 19 to 6 %. */
export function checkpointsOf(steps: number): ReadonlySet<number> {
  const checkpoints = new Set<number>()
  for (let [last, percent] = [0, 22]; percent <= 100;) {
    checkpoints.add(Math.ceil((percent * steps) / 100))
    ;[last, percent] = [percent, percent + Math.max(percent - last - 3, 6)]
  }
  return checkpoints
}

/** A random point on the ball's surface, moved into the box. */
function startOf({ norm, room }: Victim, random: Random): Float64Array {
  const drawn = randomInBall(norm, room.lower.length, random)
  const length = lengthIn(norm, drawn)
  const start = drawn.map((share) => (length > 0 ? share / length : 0))
  moveIntoBall(norm, start, room)
  return start
}
