/**
 * Expressive losses (De Palma et al. 2024), which go from the loss of an attack to that of bounds as α goes from 0 to 1. With
 * the margins z that an attack reaches, bounds m of the margins in the ball, and the cross-entropy ℓ of margins:
 *
 *   losses (MTL-IBP):      (1 − α)·ℓ(z) + α·ℓ(m)
 *   margins (CC-IBP):      ℓ((1 − α)·z + α·m)
 *   logarithms (Exp-IBP):  ℓ(z)^(1 − α) · ℓ(m)^α
 *
 * The last two are at most the first, ℓ being convex. They certify nothing. The names are those of the paper, which bounds
 * by intervals; any bounds will do, and 1 − α is the share of the empirical loss. Sums of losses are in mixture.ts.
 */
import type { Device } from '../../device/device.ts'
import { type Scores, crossEntropy, entropyOf } from './cross-entropy.ts'

/** Two kinds of scores of one example, of which the first bound margins. */
export interface Pair {
  readonly bounds: Scores
  readonly empirical: Scores
  readonly label: number
}

export interface Combination {
  readonly weight: number
  /** α. */
  readonly alpha: number
  /** q of the generalised cross-entropy. */
  readonly exponent: number
}

const placeOf = ({ first, step }: Scores, c: number) => first + c * step

/** CC-IBP: the loss of combined margins. Adds weight · gradient to both scores' gradients. @returns weight · loss */
export function lossOfMargins(
  device: Device,
  { bounds, empirical, label }: Pair,
  { weight, alpha, exponent }: Combination,
): number {
  const { classes } = bounds
  // logits do for margins, which are the same less a constant: the loss sees differences only
  const combined: Scores = { tensor: device.zeroTensor(classes), classes, first: 0, step: 1 }
  const [sum, m, z] = [combined, bounds, empirical].map(({ tensor }) => tensor.view()) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  for (let c = 0; c < classes; c++) {
    sum[c] = alpha * m[placeOf(bounds, c)] + (1 - alpha) * z[placeOf(empirical, c)]
  }
  const loss = crossEntropy(combined, label, weight, exponent)
  const [toSum, toBounds, toEmpirical] = [combined, bounds, empirical].map(({ tensor }) => tensor.gradient.view()) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  for (let c = 0; c < classes; c++) {
    toBounds[placeOf(bounds, c)] += alpha * toSum[c]
    toEmpirical[placeOf(empirical, c)] += (1 - alpha) * toSum[c]
  }
  return loss
}

/** So small a loss has no gradient to speak of, and would be divided by. */
const LEAST_LOSS = 1e-9

/** Exp-IBP: the weighted geometric mean of both losses, with gradients as `lossOfMargins` adds them. @returns weight · loss */
export function meanOfLosses({ bounds, empirical, label }: Pair, { weight, alpha, exponent }: Combination): number {
  const [ofBounds, ofEmpirical] = [bounds, empirical].map((scores) =>
    Math.max(LEAST_LOSS, entropyOf(scores, label, exponent)),
  ) as [number, number]
  const mean = ofBounds ** alpha * ofEmpirical ** (1 - alpha)
  crossEntropy(bounds, label, (weight * alpha * mean) / ofBounds, exponent)
  crossEntropy(empirical, label, (weight * (1 - alpha) * mean) / ofEmpirical, exponent)
  return weight * mean
}
