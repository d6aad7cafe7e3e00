/**
 * Slow float64 bounds, written for reading: the oracle that the tests hold the fast engine against.
 *
 * Problem: bound every affine output of a ReLU network over the box |x − centre| ≤ radius.
 * Property: all bounds here are sound (up to float64 rounding), none is complete.
 * Sources: Wong & Kolter (2018), "Provable defenses ... via the convex outer adversarial polytope", Theorem 1;
 * Robustra (Li et al. 2019), section 5.3, with the slips mended as DESIGN.md section 4 says.
 *
 * A *stage* is an affine layer with the ReLU behind it, if any; stages count from 0. Bounds of a stage are those of
 * its value *before* the ReLU. Boxes come in pixel units; inside, a leading `normalise` layer has been applied to
 * them, so coefficients of the input are per normalised unit.
 */
import type { Network } from '../networks/network.ts'
import {
  type Box,
  type Stage,
  applyAbsoluteWeight,
  applyTransposedWeight,
  applyWeight,
  normalisedBox,
  referenceStages,
} from './reference-stages.ts'

/** Interval of every value of a stage before its ReLU, in the order of the stage's outputs. */
export interface Bounds {
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** The bound of one specification: a sum c·z over the values z of a stage. */
export interface DualPass {
  readonly lower: number
  readonly upper: number
  /** ν̂_1: coefficients of the (normalised) input, the same for both ends. */
  readonly inputCoefficients: Float64Array
  /** What the upper bound adds to the terms of the input: Σ_i ν_{i+1}ᵀb_i − Σ_{unstable} l [ν]_+. */
  readonly constant: number
  /** The same for the lower bound: Σ_i ν_{i+1}ᵀb_i + Σ_{unstable} l [−ν]_+. */
  readonly lowerConstant: number
}

// ---------------------------------------------------------------------------------------------- interval bounds

/** Plain interval propagation from the input (Gowal et al. 2018, section 3). Exact at stage 0. */
export function referenceIntervalBounds(network: Network, centre: Float64Array, radius: Float64Array): Bounds[] {
  let box = normalisedBox(network.architecture, centre, radius)
  return referenceStages(network).map((stage) => {
    const bounds = intervalStep(stage, box)
    box = boxBehind(stage, bounds)
    return bounds
  })
}

/** Bounds of a stage from the box of its input. */
function intervalStep(stage: Stage, box: Box): Bounds {
  const middle = applyWeight(stage, box.centre).map((z, o) => z + stage.bias[o])
  const spread = applyAbsoluteWeight(stage, box.radius)
  return { lower: middle.map((z, o) => z - spread[o]), upper: middle.map((z, o) => z + spread[o]) }
}

/** The box of a stage's value after its ReLU: [relu(l), relu(u)]. */
function boxBehind({ relu }: Stage, { lower, upper }: Bounds): Box {
  const after = (z: number) => (relu ? Math.max(z, 0) : z)
  return {
    centre: lower.map((l, j) => (after(l) + after(upper[j])) / 2),
    radius: lower.map((l, j) => (after(upper[j]) - after(l)) / 2),
  }
}

// -------------------------------------------------------------------------------------------------- dual bounds

/**
 * Bounds of the specification Σ_j specification_j · z_j over the values z of stage `stage`, given the bounds of the
 * stages before it (later ones are not read). Wong & Kolter (2018), Theorem 1; Robustra Eqns. 8 and 9 without g.
 */
export function referenceDualPass(
  network: Network,
  bounds: readonly Bounds[],
  specification: Float64Array,
  stage: number,
  centre: Float64Array,
  radius: Float64Array,
): DualPass {
  const box = normalisedBox(network.architecture, centre, radius)
  return dualPass(referenceStages(network).slice(0, stage + 1), bounds, specification, box)
}

/** The same for the last of `stages`. */
function dualPass(
  stages: readonly Stage[],
  bounds: readonly Bounds[],
  specification: Float64Array,
  box: Box,
): DualPass {
  let coefficients = specification // ν_{i+1}, of the stage's value before its ReLU
  let fromBiases = 0
  let upperGap = 0 // −Σ l [ν]_+ ≥ 0: how far the upper line of each unstable ReLU lies above its lower line
  let lowerGap = 0 // Σ l [−ν]_+ ≤ 0
  for (let i = stages.length - 1; i >= 0; i--) {
    fromBiases += dot(coefficients, stages[i].bias)
    coefficients = applyTransposedWeight(stages[i], coefficients) // ν̂_i, of the value after the ReLU before it
    if (i === 0 || !stages[i - 1].relu) continue
    const { lower, upper } = bounds[i - 1]
    coefficients = coefficients.map((v, j) => v * slope(lower[j], upper[j]))
    coefficients.forEach((v, j) => {
      if (!isUnstable(lower[j], upper[j])) return
      upperGap -= lower[j] * Math.max(v, 0)
      lowerGap += lower[j] * Math.max(-v, 0)
    })
  }
  const middle = dot(coefficients, box.centre)
  const spread = coefficients.reduce((sum, v, j) => sum + Math.abs(v) * box.radius[j], 0)
  const constant = fromBiases + upperGap
  const lowerConstant = fromBiases + lowerGap
  return {
    lower: middle - spread + lowerConstant,
    upper: middle + spread + constant,
    inputCoefficients: coefficients,
    constant,
    lowerConstant,
  }
}

/** The ReLU can be on or off: l < 0 < u. */
export const isUnstable = (lower: number, upper: number): boolean => lower < 0 && upper > 0

/** Slope d of both relaxation lines of a ReLU: 0 where off (u ≤ 0, so also l = u = 0), 1 where on, else u / (u − l). */
export const slope = (lower: number, upper: number): number =>
  upper <= 0 ? 0 : lower >= 0 ? 1 : upper / (upper - lower)

/** Wong & Kolter's exact dual bound of every value of every stage: nothing pruned, no intersection with intervals. */
export function referenceDualBounds(network: Network, centre: Float64Array, radius: Float64Array): Bounds[] {
  const stages = referenceStages(network)
  const box = normalisedBox(network.architecture, centre, radius)
  const bounds = [intervalStep(stages[0], box)] // exact
  for (let i = 1; i < stages.length; i++) {
    const passes = stages[i].rows.map((_, o) => dualPass(stages.slice(0, i + 1), bounds, unit(stages[i], o), box))
    bounds.push({
      lower: Float64Array.from(passes, (pass) => pass.lower),
      upper: Float64Array.from(passes, (pass) => pass.upper),
    })
  }
  return bounds
}

/**
 * As the engine does it (DESIGN.md section 2, point 1): first an interval step from the tightest bounds known of the
 * stage before. A ReLU row that it settles keeps these bounds; any other gets a dual pass, and the intersection counts.
 * Sound. Up to stage 1 no unsettled row is looser than `referenceDualBounds`; from stage 2 on one can be, because
 * tighter bounds give other slopes.
 */
export function referencePrunedDualBounds(network: Network, centre: Float64Array, radius: Float64Array): Bounds[] {
  const stages = referenceStages(network)
  const box = normalisedBox(network.architecture, centre, radius)
  const bounds = [intervalStep(stages[0], box)]
  for (let i = 1; i < stages.length; i++) {
    const { lower, upper } = intervalStep(stages[i], boxBehind(stages[i - 1], bounds[i - 1]))
    for (let o = 0; o < lower.length; o++) {
      if (stages[i].relu && !isUnstable(lower[o], upper[o])) continue
      const pass = dualPass(stages.slice(0, i + 1), bounds, unit(stages[i], o), box)
      lower[o] = Math.max(lower[o], pass.lower)
      upper[o] = Math.min(upper[o], pass.upper)
    }
    bounds.push({ lower, upper })
  }
  return bounds
}

/** Upper bounds of z_target − z_label for every target, 0 at the label. All negative: certified. */
export function referenceMargins(
  network: Network,
  label: number,
  centre: Float64Array,
  radius: Float64Array,
): Float64Array {
  const stages = referenceStages(network)
  const bounds = referenceDualBounds(network, centre, radius)
  const box = normalisedBox(network.architecture, centre, radius)
  return Float64Array.from(stages.at(-1)!.rows, (_, target) =>
    target === label ? 0 : dualPass(stages, bounds, marginSpecification(stages, target, label), box).upper,
  )
}

/** The same from the pruned bounds, intersected with an interval step of the row W_target − W_label of the last stage. */
export function referencePrunedMargins(
  network: Network,
  label: number,
  centre: Float64Array,
  radius: Float64Array,
): Float64Array {
  const stages = referenceStages(network)
  const last = stages.at(-1)!
  const bounds = referencePrunedDualBounds(network, centre, radius)
  const box = normalisedBox(network.architecture, centre, radius)
  const lastInput = stages.length > 1 ? boxBehind(stages.at(-2)!, bounds.at(-2)!) : box
  return Float64Array.from(last.rows, (_, target) => {
    if (target === label) return 0
    const specification = marginSpecification(stages, target, label)
    const interval = dualPass([last], [], specification, lastInput).upper // over one stage the dual is the interval
    return Math.min(interval, dualPass(stages, bounds, specification, box).upper)
  })
}

/** c = e_target − e_label over the outputs of the last stage. */
export function marginSpecification(stages: readonly Stage[], target: number, label: number): Float64Array {
  const c = unit(stages.at(-1)!, target)
  c[label] -= 1
  return c
}

function unit(stage: Stage, o: number): Float64Array {
  const vector = new Float64Array(stage.rows.length)
  vector[o] = 1
  return vector
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, j) => sum + v * b[j], 0)
