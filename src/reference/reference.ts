/**
 * Slow float64 bounds, written for reading: the oracle that the tests hold the fast engine against.
 *
 * Problem: bound every affine output of a ReLU network over the box |x − centre| ≤ radius, or, with another norm, over
 * the points of it for which the norm of the vector (x − centre)/radius is at most 1.
 * Property: all bounds here are sound (up to float64 rounding), none is complete.
 * Sources: Wong & Kolter (2018), "Provable defenses ... via the convex outer adversarial polytope", Theorem 1;
 * Robustra (Li et al. 2019), section 5.3, with the slips mended as DESIGN.md section 4 says.
 *
 * A *stage* is a sum of affine layers, each over the image or an earlier stage, with the ReLU behind it, if any; stages
 * count from 0. So residual networks are no special case: only what a stage reads is said by its terms. Bounds of a stage are those of
 * its value *before* the ReLU. Boxes come in pixel units; inside, a leading `normalise` layer has been applied to
 * them, so coefficients of the input are per normalised unit.
 */
import type { Network } from '../model/network.ts'
import { type Norm, dualNorm } from '../region/norm.ts'
import {
  type Box,
  type Stage,
  type Term,
  affineValue,
  applyAbsoluteWeight,
  applyTransposedWeight,
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

/** Plain interval propagation from the input (Gowal et al. 2018, section 3). Exact at stage 0 of one term. */
export function referenceIntervalBounds(
  network: Network,
  centre: Float64Array,
  radius: Float64Array,
  norm: Norm = 'linf',
): Bounds[] {
  const ball = ballOf(network, centre, radius, norm)
  const boxes: Box[] = [ball]
  return referenceStages(network).map((stage) => {
    const bounds = norm !== 'linf' && readsImage(stage) ? dualStep([stage], [], ball) : intervalStep(stage, boxes)
    boxes.push(boxBehind(stage, bounds))
    return bounds
  })
}

/**
 * Bounds of a stage from the boxes of what it reads, each term for itself: `boxes[i + 1]` is stage i's behind its ReLU,
 * `boxes[0]` that of the normalised image.
 */
function intervalStep(stage: Stage, boxes: readonly Box[]): Bounds {
  const middle = affineValue(
    stage,
    boxes.map(({ centre }) => centre),
  )
  const spreads = stage.terms.map((term) => applyAbsoluteWeight(term, boxes[term.source + 1].radius))
  const spread = middle.map((_, o) => spreads.reduce((sum, ofTerm) => sum + ofTerm[o], 0))
  return { lower: middle.map((z, o) => z - spread[o]), upper: middle.map((z, o) => z + spread[o]) }
}

/** An interval step over the image alone has nothing to lose, but that terms vary together. */
const isExact = ({ terms }: Stage): boolean => terms.length === 1 && terms[0].source < 0

/** Only that. */
const readsImage = ({ terms }: Stage): boolean => terms.every(({ source }) => source < 0)

/** The box of a stage's value after its ReLU: [relu(l), relu(u)]. */
function boxBehind({ relu }: Stage, { lower, upper }: Bounds): Box {
  const after = (z: number) => (relu ? Math.max(z, 0) : z)
  return {
    centre: lower.map((l, j) => (after(l) + after(upper[j])) / 2),
    radius: lower.map((l, j) => (after(upper[j]) - after(l)) / 2),
  }
}

// -------------------------------------------------------------------------------------------------- dual bounds

/** The normalised image's part of a ball; where no norm is given, a box. */
interface Ball extends Box {
  readonly norm?: Norm
}

const ballOf = (network: Network, centre: Float64Array, radius: Float64Array, norm: Norm): Ball => ({
  ...normalisedBox(network.architecture, centre, radius),
  norm,
})

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
  norm: Norm = 'linf',
): DualPass {
  const box = ballOf(network, centre, radius, norm)
  return dualPass(referenceStages(network).slice(0, stage + 1), bounds, specification, box)
}

/** The same for the last of `stages`. */
function dualPass(
  stages: readonly Stage[],
  bounds: readonly Bounds[],
  specification: Float64Array,
  box: Ball,
): DualPass {
  // ν̂: coefficients of what each stage makes, behind its ReLU, summed over all that read it; the image's first
  const behind: Float64Array[] = []
  const add = ({ source, inputSize }: Term, coefficients: Float64Array) => {
    const sum = behind[source + 1] ?? new Float64Array(inputSize)
    behind[source + 1] = sum.map((v, j) => v + coefficients[j])
  }
  let fromBiases = 0
  let upperGap = 0 // −Σ l [ν]_+ ≥ 0: how far the upper line of each unstable ReLU lies above its lower line
  let lowerGap = 0 // Σ l [−ν]_+ ≤ 0
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
  const middle = dot(inputCoefficients, box.centre)
  const spread = dualNorm(
    box.norm ?? 'linf',
    inputCoefficients.map((v, j) => v * box.radius[j]),
  )
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

/** The ReLU can be on or off: l < 0 < u. */
export const isUnstable = (lower: number, upper: number): boolean => lower < 0 && upper > 0

/** Slope d of both relaxation lines of a ReLU: 0 where off (u ≤ 0, so also l = u = 0), 1 where on, else u / (u − l). */
export const slope = (lower: number, upper: number): number =>
  upper <= 0 ? 0 : lower >= 0 ? 1 : upper / (upper - lower)

/** Wong & Kolter's exact dual bound of every value of every stage: nothing pruned, no intersection with intervals. */
export function referenceDualBounds(
  network: Network,
  centre: Float64Array,
  radius: Float64Array,
  norm: Norm = 'linf',
): Bounds[] {
  const stages = referenceStages(network)
  const box = ballOf(network, centre, radius, norm)
  const bounds: Bounds[] = []
  stages.forEach((stage, i) => {
    if (norm === 'linf' && isExact(stage)) return bounds.push(intervalStep(stage, [box]))
    return bounds.push(dualStep(stages.slice(0, i + 1), bounds, box))
  })
  return bounds
}

/** Dual bounds of every value of the last of `stages`. */
function dualStep(stages: readonly Stage[], bounds: readonly Bounds[], box: Ball): Bounds {
  const stage = stages.at(-1)!
  const passes = Array.from(stage.bias, (_, o) => dualPass(stages, bounds, unit(stage, o), box))
  return {
    lower: Float64Array.from(passes, (pass) => pass.lower),
    upper: Float64Array.from(passes, (pass) => pass.upper),
  }
}

/**
 * As the engine does it (DESIGN.md section 2, point 1): first an interval step from the tightest bounds known of the
 * stages that are read. A ReLU row that it settles keeps these bounds; any other gets a dual pass, and the intersection
 * counts. Sound. Up to stage 1 no unsettled row is looser than `referenceDualBounds`; from stage 2 on one can be, because
 * tighter bounds give other slopes.
 */
export function referencePrunedDualBounds(
  network: Network,
  centre: Float64Array,
  radius: Float64Array,
  norm: Norm = 'linf',
): Bounds[] {
  const stages = referenceStages(network)
  const box = ballOf(network, centre, radius, norm)
  const boxes: Box[] = [box]
  const bounds: Bounds[] = []
  stages.forEach((stage, i) => {
    const { lower, upper } = intervalStep(stage, boxes)
    // over another ball an interval step settles little of one layer over the image, and rows are exact
    const isOfBall = norm !== 'linf' && isExact(stage)
    for (let o = 0; o < lower.length; o++) {
      if (!isOfBall && (isExact(stage) || (stage.relu && !isUnstable(lower[o], upper[o])))) continue
      const pass = dualPass(stages.slice(0, i + 1), bounds, unit(stage, o), box)
      lower[o] = Math.max(lower[o], pass.lower)
      upper[o] = Math.min(upper[o], pass.upper)
    }
    bounds.push({ lower, upper })
    boxes.push(boxBehind(stage, { lower, upper }))
  })
  return bounds
}

/** Upper bounds of z_target − z_label for every target, 0 at the label. All negative: certified. */
export function referenceMargins(
  network: Network,
  label: number,
  centre: Float64Array,
  radius: Float64Array,
  norm: Norm = 'linf',
): Float64Array {
  const stages = referenceStages(network)
  const bounds = referenceDualBounds(network, centre, radius, norm)
  const box = ballOf(network, centre, radius, norm)
  return Float64Array.from(stages.at(-1)!.bias, (_, target) =>
    target === label ? 0 : dualPass(stages, bounds, marginSpecification(stages, target, label), box).upper,
  )
}

/** The same from the pruned bounds, intersected with an interval step of the row W_target − W_label of the last stage. */
export function referencePrunedMargins(
  network: Network,
  label: number,
  centre: Float64Array,
  radius: Float64Array,
  norm: Norm = 'linf',
): Float64Array {
  const stages = referenceStages(network)
  const bounds = referencePrunedDualBounds(network, centre, radius, norm)
  const box = ballOf(network, centre, radius, norm)
  const { terms, bias } = stages.at(-1)!
  const [{ source, ...term }] = terms // the last stage is no sum
  const lastInput = source < 0 ? box : boxBehind(stages[source], bounds[source])
  const last: Stage = { terms: [{ ...term, source: -1 }], bias, relu: false }
  return Float64Array.from(bias, (_, target) => {
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
  const vector = new Float64Array(stage.bias.length)
  vector[o] = 1
  return vector
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, j) => sum + v * b[j], 0)
