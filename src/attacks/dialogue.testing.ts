/** For tests: victims without a network, and attacks whose questions a function answers. */
import { Random } from '../base/random.ts'
import type { Norm } from '../region/norm.ts'
import type { Attack, Inquiry, Victim } from './dialogue.ts'

/** In a box of ±`end` around the unit ball's centre. */
export function victimIn(norm: Norm, shape: Victim['shape'], { end = Infinity, seed = 0, classes = 2 } = {}): Victim {
  const inputs = shape.channels * shape.height * shape.width
  const room = { lower: new Float64Array(inputs).fill(-end), upper: new Float64Array(inputs).fill(end) }
  return { label: 0, classes, shape, norm, room, random: (purpose) => new Random(seed, purpose) }
}

/** An input without channels or rows. */
export const line = (inputs: number) => ({ channels: 1, height: 1, width: inputs })

/**
 * Answers until the attack ends.
 * @param network the logits at a point, and the gradient of what the loss makes of them, given its slopes
 * @returns all inquiries, and the values of their losses
 */
export function converse(
  attack: Attack,
  network: {
    readonly logits: (at: Float64Array) => Float64Array
    readonly back?: (at: Float64Array, slopes: Float64Array) => Float64Array
  },
): { readonly inquiries: Inquiry[]; readonly values: number[] } {
  const [inquiries, values]: [Inquiry[], number[]] = [[], []]
  for (let step = attack.next(); step.done !== true;) {
    const { at, loss } = step.value
    const logits = network.logits(at)
    const slopes = new Float64Array(logits.length)
    const value = loss ? loss(logits, slopes) : NaN
    inquiries.push(step.value)
    values.push(value)
    step = attack.next({ logits, value, gradient: loss ? network.back!(at, slopes) : new Float64Array() })
  }
  return { inquiries, values }
}
