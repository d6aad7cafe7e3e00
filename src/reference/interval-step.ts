/**
 * One step of interval propagation (Gowal et al. 2018, Section 3): the bounds of a stage from the boxes that it reads,
 *
 *   Σ_k W_k c_k + b ± Σ_k |W_k| r_k.
 *
 * Sound. Complete over one term alone; several terms are taken to vary each for itself.
 */
import type { CentredBox } from './input-ball.ts'
import { type Stage, affineValue, applyAbsoluteWeight } from './stages.ts'

/** Interval of every value of a stage before its ReLU, in the order of the stage's outputs. */
export interface Bounds {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** @param boxes `boxes[i + 1]` is stage i's behind its ReLU, `boxes[0]` that of the normalised image */
export function intervalStep(stage: Stage, boxes: readonly CentredBox[]): Bounds {
  const middle = affineValue(
    stage,
    boxes.map(({ centre }) => centre),
  )
  const spreads = stage.terms.map((term) => applyAbsoluteWeight(term, boxes[term.source + 1].radius))
  const spread = middle.map((_, o) => spreads.reduce((sum, ofTerm) => sum + ofTerm[o], 0))
  return { lower: middle.map((z, o) => z - spread[o]), upper: middle.map((z, o) => z + spread[o]) }
}

/** The box of a stage's value after its ReLU: [relu(l), relu(u)]. */
export function boxBehind({ relu }: Stage, { lower, upper }: Bounds): CentredBox {
  const after = (z: number) => (relu ? Math.max(z, 0) : z)
  return {
    centre: lower.map((l, j) => (after(l) + after(upper[j])) / 2),
    radius: lower.map((l, j) => (after(upper[j]) - after(l)) / 2),
  }
}

/** An interval step over the image alone has nothing to lose, but that terms vary together. */
export const isExact = ({ terms }: Stage): boolean => terms.length === 1 && terms[0].source < 0

/** Whether a stage reads the image and nothing else. */
export const readsImage = ({ terms }: Stage): boolean => terms.every(({ source }) => source < 0)
