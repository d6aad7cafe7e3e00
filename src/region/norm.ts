/** In which norm a ball around an image is measured, and what a linear function can gain over it. */
import { unknownName } from '../base/errors.ts'

/**
 * Σ_j |δ_j|^p ≤ ε^p in pixel units for p = 1, 2; max_j |δ_j| ≤ ε for 'linf'. Bounds over a ball need its dual norm, in
 * which the input's coefficients are measured: 'linf' ↔ ℓ1, 'l2' ↔ ℓ2, 'l1' ↔ ℓ∞.
 */
export const norms = ['linf', 'l2', 'l1'] as const
export type Norm = (typeof norms)[number]

/** The norms whose balls are not boxes. */
export type RoundNorm = Exclude<Norm, 'linf'>

/** The paper's norm. Older files, from when there was no other, do not name it. */
export const defaultNorm: Norm = 'linf'

/** @throws UserError for a name that is none of `norms` */
export function requireNorm(name: string): Norm {
  const norm = norms.find((known) => known === name)
  if (norm === undefined) throw unknownName('norm', name, norms)
  return norm
}

/** For people to read. */
export const describeNorm = (norm: Norm): string => ({ linf: 'ℓ∞', l2: 'ℓ2', l1: 'ℓ1' })[norm]

/** The largest ε that makes sense over `inputs` pixels in [0, 1]: a ball of it around any image holds all images. */
export const largestEpsilon = (norm: Norm, inputs: number): number =>
  norm === 'linf' ? 1 : norm === 'l2' ? Math.sqrt(inputs) : inputs

/** max δ·vector over the unit ball of `norm`: the norm that is dual to it. */
export function dualNorm(norm: Norm, vector: ArrayLike<number>): number {
  let result = 0
  for (let j = 0; j < vector.length; j++) {
    const size = Math.abs(vector[j])
    result = norm === 'linf' ? result + size : norm === 'l2' ? Math.hypot(result, size) : Math.max(result, size)
  }
  return result
}
