/**
 * Attacks as dialogues. An attack on one image is a generator: it names a point, is told what the network says there, and
 * names the next. So it reads as in its paper, knows no device and no batch, and cannot depend on other images; what
 * leads the dialogues (lead-attacks.ts) asks the network about the points of many of them at once, and ends each as soon as a point
 * is known to fool it.
 *
 * Points are u = (x − image) / radius, value by value: the ball is the unit ball of its norm.
 */
import type { Random } from '../base/random.ts'
import type { Shape } from '../model/layers.ts'
import type { Room } from '../region/ball-steps.ts'
import type { Norm } from '../region/norm.ts'
import type { Loss } from './losses.ts'

/** An image that is attacked, as its attacks see it. */
export interface Victim {
  readonly label: number
  readonly classes: number
  readonly shape: Shape
  readonly norm: Norm
  /** The ends of the domain, and 0 to 0 for values that cannot move. */
  readonly room: Room
  /** A stream of this image, by what it is for. */
  readonly random: (purpose: string) => Random
}

export interface Inquiry {
  /** It must not be changed afterwards. */
  readonly at: Float64Array
  /** Whose value and gradient are wanted, if any is. */
  readonly loss?: Loss
}

export interface Reply {
  readonly logits: Float64Array
  /** Of the loss; NaN without one. */
  readonly value: number
  /** Of the loss, by u; empty without one. */
  readonly gradient: Float64Array
}

export type Attack = Generator<Inquiry, void, Reply>

/** As the papers have it. */
const MOST_TARGETS = 9

/** The classes that the network is nearest to at the image, besides the label: the likeliest first. */
export function* likelyTargets({ label, room }: Victim): Generator<Inquiry, readonly number[], Reply> {
  const { logits } = yield { at: new Float64Array(room.lower.length) }
  const others = [...logits.keys()].filter((c) => c !== label)
  return others.toSorted((a, b) => logits[b]! - logits[a]!).slice(0, MOST_TARGETS)
}
