/**
 * The regularisers of interval training while ε grows (Shi et al. 2021, "Fast Certified Robust Training with Short
 * Warmup"): one against interval bounds that widen from layer to layer, one against layers in which nearly all neurons
 * that the bounds settle are off, or nearly all on.
 */
import type { Chunk } from '../bounds/chunk.ts'
import type { Interval } from '../engine/elementwise.ts'
import type { Engine } from '../engine/engine.ts'

/** τ: only ratios below it cost anything. */
const TOLERANCE = 0.5

/** What a ratio below the tolerance costs, 0 to 1, and its derivative. */
const costOf = (ratio: number) => ({
  cost: Math.max(0, TOLERANCE - ratio) / TOLERANCE,
  slope: ratio < TOLERANCE ? -1 / TOLERANCE : 0,
})

/**
 * weight · (L_tightness + L_relu), both means over the hidden layers; adds their gradients to those of the bounds.
 * The statistics of a layer are over its neurons and the examples of the chunk, where the source takes the whole batch.
 *
 * L_tightness: of a layer whose bounds have the mean radius r it is relu(τ − r₀/r)/τ, r₀ being the mean radius of the
 * inputs (normalised ones, as the first layer reads them).
 *
 * L_relu: with c the centre of a neuron's bounds and m the mean of all c, it is (relu(τ − ρ) + relu(τ − ρ′))/τ, ρ being
 * the smaller through the larger of Σ c over the active neurons and −Σ c over the inactive ones, ρ′ the same of
 * Σ (c − m)². Active: lower > 0. Inactive: upper < 0. Two zeros have no ratio, and cost nothing.
 *
 * @param hidden pre-activation bounds of every hidden stage, [neuron][example]
 * @returns its value
 */
export function regularise(engine: Engine, chunk: Chunk, hidden: readonly Interval[], weight: number): number {
  if (hidden.length === 0) return 0
  const examples = (values: Float32Array) => values.filter((_, i) => i % chunk.columns < chunk.count)
  const { radius } = chunk.ball
  const input = mean(examples(engine.read(radius.pointer, radius.length)))
  const share = weight / hidden.length
  let sum = 0
  for (const { lower, upper } of hidden) {
    const [l, u] = [lower, upper].map(({ pointer, length }) => examples(engine.read(pointer, length)))
    const tightness = tightnessOf(l!, u!, input)
    const balance = balanceOf(l!, u!)
    sum += tightness.loss + balance.loss
    const [dl, du] = [lower.gradient(engine) >> 2, upper.gradient(engine) >> 2]
    balance.toCentres.forEach((toCentre, i) => {
      const at = Math.floor(i / chunk.count) * chunk.columns + (i % chunk.count)
      engine.f32[dl + at]! += (share * (toCentre - tightness.toRadius)) / 2
      engine.f32[du + at]! += (share * (toCentre + tightness.toRadius)) / 2
    })
  }
  return share * sum
}

function mean(values: Float32Array | Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** L_tightness of a layer, and its gradient by each radius (u − l)/2, which is the same for all. */
function tightnessOf(lower: Float32Array, upper: Float32Array, input: number) {
  const radius = (mean(upper) - mean(lower)) / 2
  // at ε = 0 there is nothing to compare
  if (!(input > 0 && radius > 0)) return { loss: 0, toRadius: 0 }
  const ratio = input / radius
  const { cost, slope } = costOf(ratio)
  // d(r₀/r)/dr = −ratio/r, and r is a mean
  return { loss: cost, toRadius: (-slope * ratio) / (radius * lower.length) }
}

/** L_relu of a layer, and its gradient by each centre (l + u)/2. */
function balanceOf(lower: Float32Array, upper: Float32Array) {
  const centres = Float64Array.from(lower, (l, i) => (l + upper[i]!) / 2)
  const phases = Int8Array.from(lower, (l, i) => (l > 0 ? 1 : upper[i]! < 0 ? -1 : 0))
  const toCentres = new Float64Array(centres.length)
  const sumOf = (phase: number, value: (centre: number) => number) =>
    centres.reduce((sum, c, i) => sum + (phases[i] === phase ? value(c) : 0), 0)
  if (!phases.some((phase) => phase !== 0)) return { loss: 0, toCentres }

  const m = mean(centres)
  const sums = ratioOf(
    sumOf(1, (c) => c),
    sumOf(-1, (c) => -c),
  )
  const squares = ratioOf(
    sumOf(1, (c) => (c - m) ** 2),
    sumOf(-1, (c) => (c - m) ** 2),
  )
  // through m, which every centre is a share of: d Σ (c − m)²/dm = −2 Σ (c − m)
  const through =
    (-2 * (squares.toActive * sumOf(1, (c) => c - m) + squares.toInactive * sumOf(-1, (c) => c - m))) / centres.length
  centres.forEach((c, i) => {
    const bySums = [-sums.toInactive, 0, sums.toActive][phases[i]! + 1]!
    const bySquares = [squares.toInactive, 0, squares.toActive][phases[i]! + 1]!
    toCentres[i] = bySums + 2 * (c - m) * bySquares + through
  })
  return { loss: sums.cost + squares.cost, toCentres }
}

/** The cost of the smaller of two sums through the larger, both ≥ 0, and its derivatives by them. */
function ratioOf(active: number, inactive: number) {
  const larger = Math.max(active, inactive)
  if (larger === 0) return { cost: 0, toActive: 0, toInactive: 0 }
  const ratio = Math.min(active, inactive) / larger
  const { cost, slope } = costOf(ratio)
  const [toSmaller, toLarger] = [slope / larger, (-slope * ratio) / larger]
  return active < inactive
    ? { cost, toActive: toSmaller, toInactive: toLarger }
    : { cost, toActive: toLarger, toInactive: toSmaller }
}
