/**
 * The dual bound of one specification c·z over the values z of a stage (Eqns. 7 to 9 of Robustra without g; Wong & Kolter
 * 2018, Theorem 1), with the slips of the paper that docs/paper.md lists corrected: ν starts from +c, and
 *
 *   ν̂_i = W_iᵀ ν_{i+1},  ν_i = d_i ⊙ ν̂_i,   c·z ≤ max ν̂₁·x + Σ_i ν_{i+1}·b_i − Σ_i Σ_{j unstable} l_ij [ν_ij]₊
 *
 * Sound, up to float64 rounding. Complete for the relaxed network: it is the optimum of its linear program with these
 * slopes. Not complete for the network.
 */
import type { Network } from '../model/network.ts'
import { isUnstable } from '../model/phase.ts'
import { type InputBall, inputTerm, normalised } from './input-ball.ts'
import type { Bounds } from './interval-step.ts'
import { slope } from './relaxation.ts'
import { type Stage, type Term, applyTransposedWeight, referenceStages } from './stages.ts'
import { dot } from './vectors.ts'

export interface DualPass {
  readonly lower: number
  readonly upper: number
  /** ν̂₁: coefficients of the (normalised) input, the same for both ends. */
  readonly inputCoefficients: Float64Array
  /** What the upper bound adds to the terms of the input: Σ_i ν_{i+1}·b_i − Σ_{unstable} l [ν]₊. */
  readonly constant: number
  /** The same for the lower bound: Σ_i ν_{i+1}·b_i + Σ_{unstable} l [−ν]₊. */
  readonly lowerConstant: number
}

/** What a pass is asked for. */
export interface Specification {
  /** c, one per value of the stage. */
  readonly coefficients: Float64Array
  readonly stage: number
  /** Of the stages before it; later ones are not read. */
  readonly bounds: readonly Bounds[]
}

/** @param ball in pixel units */
export const referenceDualPass = (
  network: Network,
  { coefficients, stage, bounds }: Specification,
  ball: InputBall,
): DualPass =>
  dualPass(referenceStages(network).slice(0, stage + 1), bounds, coefficients, normalised(network.architecture, ball))

/** The same for the last of `stages`. @param ball normalised */
export function dualPass(
  stages: readonly Stage[],
  bounds: readonly Bounds[],
  specification: Float64Array,
  ball: InputBall,
): DualPass {
  // ν̂: coefficients of what each stage makes, behind its ReLU, summed over all that read it; the image's first
  const behind: Float64Array[] = []
  const add = ({ source, inputSize }: Term, coefficients: Float64Array) => {
    const sum = behind[source + 1] ?? new Float64Array(inputSize)
    behind[source + 1] = sum.map((v, j) => v + coefficients[j])
  }
  let fromBiases = 0
  let upperGap = 0 // −Σ l [ν]₊ ≥ 0: how far the upper line of each unstable ReLU lies above its lower line
  let lowerGap = 0 // Σ l [−ν]₊ ≤ 0
  for (let i = stages.length - 1; i >= 0; i--) {
    const isLast = i === stages.length - 1
    if (!isLast && !behind[i + 1]) continue // nothing on the way to the last stage reads it
    let coefficients = isLast ? specification : behind[i + 1] // ν, of the stage's value before its ReLU
    if (!isLast && stages[i].relu) {
      const { lower, upper } = bounds[i]
      coefficients = coefficients.map((v, j) => v * slope(lower[j], upper[j]))
      coefficients.forEach((v, j) => {
        if (!isUnstable(lower[j], upper[j])) return
        upperGap -= lower[j] * Math.max(v, 0)
        lowerGap += lower[j] * Math.max(-v, 0)
      })
    }
    fromBiases += dot(coefficients, stages[i].bias)
    for (const term of stages[i].terms) add(term, applyTransposedWeight(term, coefficients))
  }
  const inputCoefficients = behind[0]
  const { middle, spread } = inputTerm(inputCoefficients, ball)
  const constant = fromBiases + upperGap
  const lowerConstant = fromBiases + lowerGap
  return {
    lower: middle - spread + lowerConstant,
    upper: middle + spread + constant,
    inputCoefficients,
    constant,
    lowerConstant,
  }
}
