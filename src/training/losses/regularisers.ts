/**
 * The regularisers of interval training while ε grows (Shi et al. 2021, "Fast Certified Robust Training with Short
 * Warmup"): one against interval bounds that widen from layer to layer, one against layers in which nearly all neurons
 * that the bounds settle are off, or nearly all on.
 */
import type { Chunk } from '../../bounds/chunk.ts'
import type { Interval } from '../../device/device.ts'
import { type Tensor, makeGradients } from '../../device/tape.ts'

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
export function regularise(chunk: Chunk, hidden: readonly Interval[], weight: number): number {
  if (hidden.length === 0) return 0
  const input = meanOf(chunk.ball.radius, chunk)
  const share = weight / hidden.length
  let sum = 0
  for (const bounds of hidden) {
    const [lower, upper] = [meanOf(bounds.lower, chunk), meanOf(bounds.upper, chunk)]
    const tightness = tightnessOf((upper - lower) / 2, input, (bounds.lower.length / chunk.columns) * chunk.count)
    const balance = balanceOf(chunk, bounds, (lower + upper) / 2)
    sum += tightness.loss + balance.loss
    addGradients(chunk, bounds, { ...balance.byPhase, toRadius: tightness.toRadius }, share)
  }
  return share * sum
}

/** Mean of values that lie [neuron][example], without those of the padding. */
function meanOf(tensor: Tensor, { columns, count }: Chunk): number {
  const values = tensor.view()
  let sum = 0
  for (let row = 0; row < values.length; row += columns) {
    for (let i = row; i < row + count; i++) sum += values[i]
  }
  return sum / ((values.length / columns) * count)
}

/** L_tightness of a layer with bounds of a mean radius, and its gradient by each of its n radii, which is the same. */
function tightnessOf(radius: number, input: number, n: number) {
  // at ε = 0 there is nothing to compare
  if (!(input > 0 && radius > 0)) return { loss: 0, toRadius: 0 }
  const ratio = input / radius
  const { cost, slope } = costOf(ratio)
  // d(r₀/r)/dr = −ratio/r, and r is a mean
  return { loss: cost, toRadius: (-slope * ratio) / (radius * n) }
}

/** A derivative by centres c: constant + slope · c. */
interface Linear {
  readonly constant: number
  readonly slope: number
}

/** L_relu of a layer whose centres have the mean m, and its gradient by each centre (l + u)/2: linear in every phase. */
function balanceOf({ columns, count }: Chunk, { lower, upper }: Interval, m: number) {
  // over the neurons of a phase: Σ |c|, Σ (c − m), Σ (c − m)²
  const active = { centres: 0, distances: 0, squares: 0 }
  const inactive = { centres: 0, distances: 0, squares: 0 }
  const [l, u] = [lower.view(), upper.view()]
  for (let row = 0; row < lower.length; row += columns) {
    for (let i = row; i < row + count; i++) {
      const low = l[i]
      const high = u[i]
      if (low <= 0 && high >= 0) continue
      const sums = low > 0 ? active : inactive
      const centre = (low + high) / 2
      sums.centres += Math.abs(centre)
      sums.distances += centre - m
      sums.squares += (centre - m) * (centre - m)
    }
  }
  const byCentres = ratioOf(active.centres, inactive.centres)
  const bySquares = ratioOf(active.squares, inactive.squares)
  // through m, which every centre is a share of: d Σ (c − m)²/dm = −2 Σ (c − m)
  const n = (lower.length / columns) * count
  const through = (-2 * (bySquares.toActive * active.distances + bySquares.toInactive * inactive.distances)) / n
  const phase = (toCentre: number, toSquare: number): Linear => ({
    constant: through + toCentre - 2 * m * toSquare,
    slope: 2 * toSquare,
  })
  const byPhase = {
    active: phase(byCentres.toActive, bySquares.toActive),
    inactive: phase(-byCentres.toInactive, bySquares.toInactive),
    unstable: phase(0, 0),
  }
  return { loss: byCentres.cost + bySquares.cost, byPhase }
}

/** Adds share · (the gradient by centres + toRadius for each radius) to the gradients of the bounds. */
function addGradients(
  { columns, count }: Chunk,
  { lower, upper }: Interval,
  { active, inactive, unstable, toRadius }: ReturnType<typeof balanceOf>['byPhase'] & { readonly toRadius: number },
  share: number,
): void {
  const [dl, du] = makeGradients(lower, upper).map((gradient) => gradient.view()) as [Float32Array, Float32Array]
  const [l, u] = [lower.view(), upper.view()]
  for (let row = 0; row < lower.length; row += columns) {
    for (let i = row; i < row + count; i++) {
      const low = l[i]
      const high = u[i]
      const phase = low > 0 ? active : high < 0 ? inactive : unstable
      const toCentre = phase.constant + (phase.slope * (low + high)) / 2
      dl[i] += (share * (toCentre - toRadius)) / 2
      du[i] += (share * (toCentre + toRadius)) / 2
    }
  }
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
