/**
 * The fast adaptive boundary attack, targeted: it looks for the nearest point of another class, however far, by steps
 * onto the hyperplane where the linearised network is undecided between the label and the target.
 *
 *   x ← (1 − α)·(x + η·δ(x)) + α·(image + η·δ(image)),    α = min(‖δ(x)‖ / (‖δ(x)‖ + ‖δ(image)‖), 0.1)
 *
 * δ is the shortest move onto the hyperplane (hyperplane.ts), η = 1.05 oversteps it. From a point of another class it goes
 * back by a tenth of the way to the image. It needs no step size and no radius: a point counts if the ball holds it.
 * Sound: what it finds counts once float64 has confirmed it. Complete: no.
 * Source: Croce & Hein 2020, "Minimally distorted adversarial examples with a fast adaptive boundary attack", Algorithm 1.
 */
import { lengthIn } from '../region/ball-steps.ts'
import { type Attack, type Victim, likelyTargets } from './dialogue.ts'
import { moveOnto } from './hyperplane.ts'
import { difference } from './losses.ts'
import { judge } from './recheck.ts'

const OVERSTEP = 1.05
const LARGEST_PULL = 0.1
const WAY_BACK = 0.9

/** One descent for each likely target. */
export function* fab(victim: Victim, steps: number): Attack {
  for (const target of yield* likelyTargets(victim)) yield* fabTo(victim, target, steps)
}

/** One descent from the image. @param steps moves; points of another class cost a further gradient */
export function* fabTo({ label, norm, room }: Victim, target: number, steps: number): Attack {
  const loss = difference(label, target)
  const image = new Float64Array(room.lower.length)
  let x = image
  for (let step = 0; ; step++) {
    let { logits, value, gradient } = yield { at: x, loss }
    if (step > 0 && judge(logits, label).margin <= 0) {
      x = x.map((share) => WAY_BACK * share)
      ;({ logits, value, gradient } = yield { at: x, loss })
    }
    if (step === steps || !gradient.some((slope) => Math.abs(slope) > 0)) return
    const back = x.reduce((sum, share, i) => sum + share * gradient[i]!, 0)
    const fromHere = moveOnto({ weights: gradient, gain: -value }, x, norm, room)
    const fromImage = moveOnto({ weights: gradient, gain: back - value }, image, norm, room)
    const [near, far] = [lengthIn(norm, fromHere), lengthIn(norm, fromImage)]
    const pull = near > 0 ? Math.min(near / (near + far), LARGEST_PULL) : 0
    x = x.map((share, i) => {
      const moved = (1 - pull) * (share + OVERSTEP * fromHere[i]!) + pull * OVERSTEP * fromImage[i]!
      return Math.min(room.upper[i]!, Math.max(room.lower[i]!, moved))
    })
  }
}
