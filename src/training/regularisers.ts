/**
 * The regularisers of interval training while ε grows (Shi et al. 2021, "Fast Certified Robust Training with Short
 * Warmup"): one against interval bounds that widen from layer to layer, one against layers in which nearly all neurons
 * that the bounds settle are off, or nearly all on.
 */
import type { Chunk } from '../bounds/chunk.ts'
import type { Interval } from '../engine/elementwise.ts'
import type { Engine } from '../engine/engine.ts'
import type { Tensor } from '../engine/tape.ts'

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
  const { columns, count, ball } = chunk
  const input = mean(examplesOf(engine, ball.radius, chunk))
  const share = weight / hidden.length
  let sum = 0
  for (const { lower, upper } of hidden) {
    const [l, u] = [examplesOf(engine, lower, chunk), examplesOf(engine, upper, chunk)]
    const tightness = tightnessOf(l, u, input)
    const balance = balanceOf(l, u)
    sum += tightness.loss + balance.loss
    const [dl, du] = [lower.gradient(engine) >> 2, upper.gradient(engine) >> 2]
    const { f32 } = engine
    for (let i = 0; i < l.length; i++) {
      const at = Math.floor(i / count) * columns + (i % count)
      f32[dl + at]! += (share * (balance.toCentres[i]! - tightness.toRadius)) / 2
      f32[du + at]! += (share * (balance.toCentres[i]! + tightness.toRadius)) / 2
    }
  }
  return share * sum
}

/** Values that lie [neuron][example], without those of the padding. */
function examplesOf(engine: Engine, { pointer, length }: Tensor, { columns, count }: Chunk): Float64Array {
  const values = new Float64Array((length / columns) * count)
  for (let i = 0; i < values.length; i++) {
    values[i] = engine.f32[(pointer >> 2) + Math.floor(i / count) * columns + (i % count)]!
  }
  return values
}

function mean(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** L_tightness of a layer, and its gradient by each radius (u − l)/2, which is the same for all. */
function tightnessOf(lower: Float64Array, upper: Float64Array, input: number) {
  const radius = (mean(upper) - mean(lower)) / 2
  // at ε = 0 there is nothing to compare
  if (!(input > 0 && radius > 0)) return { loss: 0, toRadius: 0 }
  const ratio = input / radius
  const { cost, slope } = costOf(ratio)
  // d(r₀/r)/dr = −ratio/r, and r is a mean
  return { loss: cost, toRadius: (-slope * ratio) / (radius * lower.length) }
}

/** L_relu of a layer, and its gradient by each centre (l + u)/2. */
function balanceOf(lower: Float64Array, upper: Float64Array) {
  const n = lower.length
  const toCentres = new Float64Array(n)
  const m = (mean(lower) + mean(upper)) / 2
  const [active, inactive] = [noSums(), noSums()]
  const sumsOf = (i: number) => (lower[i]! > 0 ? active : upper[i]! < 0 ? inactive : undefined)
  for (let i = 0; i < n; i++) {
    const sums = sumsOf(i)
    if (!sums) continue
    const centre = (lower[i]! + upper[i]!) / 2
    sums.centres += Math.abs(centre)
    sums.distances += centre - m
    sums.squares += (centre - m) ** 2
  }
  const byCentres = ratioOf(active.centres, inactive.centres)
  const bySquares = ratioOf(active.squares, inactive.squares)
  // through m, which every centre is a share of: d Σ (c − m)²/dm = −2 Σ (c − m)
  const through = (-2 * (bySquares.toActive * active.distances + bySquares.toInactive * inactive.distances)) / n
  for (let i = 0; i < n; i++) {
    const sums = sumsOf(i)
    const distance = (lower[i]! + upper[i]!) / 2 - m
    if (sums === active) toCentres[i] = byCentres.toActive + 2 * distance * bySquares.toActive
    if (sums === inactive) toCentres[i] = -byCentres.toInactive + 2 * distance * bySquares.toInactive
    toCentres[i]! += through
  }
  return { loss: byCentres.cost + bySquares.cost, toCentres }
}

/** Over the neurons of one phase, with c and m as above: Σ |c|, Σ (c − m), Σ (c − m)². */
const noSums = () => ({ centres: 0, distances: 0, squares: 0 })

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
