/**
 * Bounds of every value of every stage, before its ReLU, over a ball: three ways that build on one another.
 *
 * Problem: l ≤ z ≤ u for all inputs of the ball. Sound: all three, up to float64 rounding. Complete: none.
 * Sources: Gowal et al. 2018, Section 3 (intervals); Wong & Kolter 2018, Theorem 1 (dual: one pass per value, each with the
 * bounds of the stages before); docs/decisions.md (pruned: only what an interval step leaves unstable).
 */
import type { Network } from '../model/network.ts'
import { isUnstable } from '../model/phase.ts'
import { dualPass } from './dual-pass.ts'
import { type CentredBox, type InputBall, normalised } from './input-ball.ts'
import { type Bounds, boxBehind, intervalStep, isExact, readsImage } from './interval-step.ts'
import { type Stage, referenceStages } from './stages.ts'
import { unit } from './vectors.ts'

/** How the bounds of all stages are made. */
export type BoundsOf = (network: Network, ball: InputBall) => Bounds[]

/** Plain interval propagation from the input. Exact at stage 0 of one term; over an ℓ2 or ℓ1 ball its rows are. */
export const referenceIntervalBounds: BoundsOf = (network, ball) => {
  const input = normalised(network.architecture, ball)
  const boxes: CentredBox[] = [input]
  return referenceStages(network).map((stage) => {
    const bounds = ball.norm !== 'linf' && readsImage(stage) ? dualStep([stage], [], input) : intervalStep(stage, boxes)
    boxes.push(boxBehind(stage, bounds))
    return bounds
  })
}

/** Wong & Kolter's exact dual bound of every value of every stage: nothing pruned, no intersection with intervals. */
export const referenceDualBounds: BoundsOf = (network, ball) => {
  const stages = referenceStages(network)
  const input = normalised(network.architecture, ball)
  const bounds: Bounds[] = []
  stages.forEach((stage, i) => {
    if (ball.norm === 'linf' && isExact(stage)) return bounds.push(intervalStep(stage, [input]))
    return bounds.push(dualStep(stages.slice(0, i + 1), bounds, input))
  })
  return bounds
}

/** Dual bounds of every value of the last of `stages`. */
function dualStep(stages: readonly Stage[], bounds: readonly Bounds[], ball: InputBall): Bounds {
  const { length } = stages.at(-1)!.bias
  const passes = Array.from({ length }, (_, o) => dualPass(stages, bounds, unit(length, o), ball))
  return {
    lower: Float64Array.from(passes, (pass) => pass.lower),
    upper: Float64Array.from(passes, (pass) => pass.upper),
  }
}

/**
 * As the engine does it: first an interval step from the tightest bounds known of the stages that are read. A ReLU row
 * that it settles keeps these bounds; any other gets a dual pass, and the intersection counts. Up to stage 1 no unsettled
 * row is looser than `referenceDualBounds`; from stage 2 on one can be, because tighter bounds give other slopes.
 */
export const referencePrunedDualBounds: BoundsOf = (network, ball) => {
  const stages = referenceStages(network)
  const input = normalised(network.architecture, ball)
  const boxes: CentredBox[] = [input]
  const bounds: Bounds[] = []
  stages.forEach((stage, i) => {
    const { lower, upper } = intervalStep(stage, boxes)
    // over another ball an interval step settles little of one layer over the image, and rows are exact
    const isOfBall = ball.norm !== 'linf' && isExact(stage)
    for (let o = 0; o < lower.length; o++) {
      if (!isOfBall && (isExact(stage) || (stage.relu && !isUnstable(lower[o], upper[o])))) continue
      const pass = dualPass(stages.slice(0, i + 1), bounds, unit(lower.length, o), input)
      lower[o] = Math.max(lower[o], pass.lower)
      upper[o] = Math.min(upper[o], pass.upper)
    }
    bounds.push({ lower, upper })
    boxes.push(boxBehind(stage, { lower, upper }))
  })
  return bounds
}
