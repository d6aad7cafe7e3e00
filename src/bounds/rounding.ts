/**
 * How far float32 rounding can move a bound. Certificates give way by this much; training does not need it.
 *
 * A sum of n products in any order, fused or not, errs by at most γ·Σ|terms| with γ = n·u/(1 − n·u), u = 2⁻²⁴
 * (Higham 2002, Section 3.1). In an interval step the terms add up to at most the magnitude
 * M = |W|·max|a| + |b|. In a dual pass, an error δ in the coefficients of a layer moves the bound by at most
 * |δ|·max|a|, which again sums to γ·Σ_k |ν_k|·M_k over the layer's neurons: one weighted sum per layer covers its
 * product with Wᵀ, its slopes, its gaps and its bias.
 *
 * That holds for all norms of the ball: an error δ in the image's coefficients moves ‖r·ν̂‖ by at most ‖r·δ‖ ≤ Σ r|δ|,
 * whatever the norm, and r is part of max|a|. Of the norm itself only that of an ℓ∞ ball is a long sum; the maximum
 * rounds once, and so does √Σ, whose sum is float64: 2⁻²⁹ of it for any image that fits into memory, and no square
 * underflows (src/device/wasm/assembly/input-norm.ts).
 *
 * The weights of an average pool, 1/kernel², may be no 32-bit floats. Then each is a product that has been rounded before.
 */
import type { Geometry } from '../device/device.ts'
import type { Stage, Term } from '../device/loaded-network.ts'

const UNIT = 2 ** -24

/** Roundings besides the long sums: scaling by slopes, differences of weights, sums of a few parts. */
const EXTRA = 24

/** Covers the float32 evaluation of the error bounds themselves. */
const SLACK = 1.02

const gamma = (n: number) => (SLACK * n * UNIT) / (1 - n * UNIT)

type AnyTerm = Pick<Term, 'geometry' | 'isRounded'>

/** Roundings of the weights of terms themselves. */
const ofWeights = (terms: readonly AnyTerm[]) => (terms.some(({ isRounded }) => isRounded) ? 1 : 0)

/** Error of either end of an interval step through the terms of a stage, per unit of magnitude. */
export function intervalRounding(terms: readonly AnyTerm[]): number {
  const products = terms.reduce((sum, { geometry }) => sum + forwardProducts(geometry), 0)
  return gamma(2 * (products + ofWeights(terms)) + EXTRA)
}

/** Most products that make an output of a layer. */
const forwardProducts = ({ input, options }: Geometry) => (input.channels / options.groups) * options.kernel ** 2

/** How often a row's sums are added to on the way through stages: once per line of their outputs (src/device/wasm/assembly/rows.ts). */
const additions = (stages: readonly Stage[]) => stages.reduce((sum, { outputShape }) => sum + outputShape.height, 0)

/** Most products that arrive at an input of a term from the outputs of its stage. */
const transposedProducts = ({ geometry: { output, options } }: Term) =>
  (output.channels / options.groups) * Math.ceil(options.kernel / options.stride) ** 2

/** Most products and sums of them that make a coefficient of `source`, if all that read it send rows. */
const arrivals = (readers: readonly Stage[], source: number) =>
  readers
    .flatMap(({ terms }) => terms)
    .reduce((sum, term) => sum + (term.source === source ? transposedProducts(term) + 1 : 0), 0)

/**
 * Error of a dual bound per unit of Σ_k |ν_k|·M_k at the outputs of a stage. Where several stages read one output,
 * its coefficient is the sum of what they send.
 * @param stages of the whole network
 */
export function dualRounding(stages: readonly Stage[], stage: number): number {
  const { terms, outputShape } = stages[stage]
  const products = terms.map(({ source }) => arrivals(stages, source))
  // biases and gaps are summed line by line
  const sums = outputShape.channels * outputShape.width + outputShape.height + additions(stages.slice(0, stage))
  return gamma(2 * (Math.max(...products) + sums + imageSums(terms) + ofWeights(terms)) + EXTRA)
}

/** Additions where coefficients meet the image, if a term reads it: in runs of 32 (src/device/wasm/assembly/input-term.ts). */
const imageSums = (terms: readonly Term[]) =>
  Math.max(
    ...terms.map(({ source, geometry: { input } }) =>
      source < 0 ? 64 + (input.channels * input.height * input.width) / 32 : 0,
    ),
  )

/**
 * Error of the starting row W[plus] − W[minus] of a stage, per unit of M[plus] + M[minus]. What other terms of the stage
 * and those stages below that read the same output send comes on top of it, product by product.
 */
export function startRounding(stages: readonly Stage[], stage: number): number {
  const { terms } = stages[stage]
  const below = stages.slice(0, stage)
  const later = Math.max(...terms.map(({ source }) => arrivals(below, source))) + terms.length - 1
  return gamma(2 * (later + additions(below) + imageSums(terms) + ofWeights(terms)) + EXTRA)
}

/**
 * γ leaves underflow out. It takes at most n·2⁻¹⁴⁹ from a sum of n products, and 2⁻¹⁴⁹ from a bound that is stored. From a
 * coefficient it takes as much, which moves the bound by that times max|a|: where no value exceeds `largestTrusted` this
 * is below 1e-22 a layer. `underflow` covers all that; beyond, nothing is certified.
 */
export const underflow = 1e-20
export const largestTrusted = 1e12

/** A magnitude may underflow itself: its share of the error is too small by no more than this. */
export const smallestShare = 2 ** -126

/** An upper bound; one that is no finite number bounds nothing. */
export const unlessOverflowed = (bound: number): number => (Math.abs(bound) < Infinity ? bound : Infinity)
