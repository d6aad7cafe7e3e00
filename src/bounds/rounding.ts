/**
 * How far float32 rounding can move a bound. Certificates give way by this much; training does not need it.
 *
 * A sum of n products in any order, fused or not, errs by at most γ·Σ|terms| with γ = n·u/(1 − n·u), u = 2⁻²⁴
 * (Higham 2002, Section 3.1). In an interval step the terms add up to at most the magnitude
 * M = |W|·max|a| + |b|. In a dual pass, an error δ in the coefficients of a layer moves the bound by at most
 * |δ|·max|a|, which again sums to γ·Σ_k |ν_k|·M_k over the layer's neurons: one weighted sum per layer covers its
 * product with Wᵀ, its slopes, its gaps and its bias.
 */
import type { Geometry } from '../engine/layout.ts'

const UNIT = 2 ** -24

/** Roundings besides the long sums: scaling by slopes, differences of weights, sums of a few parts. */
const EXTRA = 24

/** Covers the float32 evaluation of the error bounds themselves. */
const SLACK = 1.02

const gamma = (n: number) => (SLACK * n * UNIT) / (1 - n * UNIT)

/** Error of either end of an interval step, per unit of magnitude. */
export function intervalRounding({ input, options }: Geometry): number {
  const terms = input.channels * options.kernel ** 2
  return gamma(2 * terms + EXTRA)
}

/** How often a row's sums are added to on the way through layers: once per line of their outputs (kernels/rows.ts). */
const additions = (layers: readonly Geometry[]) => layers.reduce((sum, { output }) => sum + output.height, 0)

/**
 * Error of a dual bound per unit of Σ_k |ν_k|·M_k at the outputs of a layer.
 * @param below the layers between it and the input
 */
export function dualRounding({ input, output, options }: Geometry, below: readonly Geometry[]): number {
  const transposed = output.channels * Math.ceil(options.kernel / options.stride) ** 2
  // biases and gaps are summed line by line
  const sums = output.channels * output.width + output.height + additions(below)
  // the first layer's coefficients meet the input in runs of 32 (kernels/input-term.ts)
  const inputs = below.length === 0 ? 64 + (input.channels * input.height * input.width) / 32 : 0
  return gamma(2 * (transposed + sums + inputs) + EXTRA)
}

/** Error of the starting row W[plus] − W[minus], per unit of M[plus] + M[minus]. */
export const startRounding = (below: readonly Geometry[]): number => gamma(2 * additions(below) + EXTRA)

/**
 * γ leaves underflow out: it takes at most n·2⁻¹⁴⁹ from a coefficient, which moves the bound by that times max|a|.
 * Where no value exceeds `largestTrusted` this is below 1e-22 a layer, and `underflow` covers it; beyond, nothing is
 * certified.
 */
export const underflow = 1e-20
export const largestTrusted = 1e12
