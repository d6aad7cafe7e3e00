/**
 * Margins, as the paper writes them: upper bounds of c·z with c = e_target − e_label, for every target, 0 at the label.
 * All others negative: the label wins over the whole ball (Eqn. 8 without g; Section 6.1).
 *
 * Sound, up to float64 rounding. Complete: no.
 */
import type { Network } from '../model/network.ts'
import { referenceDualBounds, referencePrunedDualBounds } from './bounds.ts'
import { dualPass } from './dual-pass.ts'
import { type InputBall, normalised } from './input-ball.ts'
import { boxBehind } from './interval-step.ts'
import { type Stage, referenceStages } from './stages.ts'
import { unit } from './vectors.ts'

export function referenceMargins(network: Network, label: number, ball: InputBall): Float64Array {
  const stages = referenceStages(network)
  const bounds = referenceDualBounds(network, ball)
  const input = normalised(network.architecture, ball)
  return Float64Array.from(stages.at(-1)!.bias, (_, target) =>
    target === label ? 0 : dualPass(stages, bounds, marginSpecification(stages, target, label), input).upper,
  )
}

/** The same from the pruned bounds, intersected with an interval step of the row W_target − W_label of the last stage. */
export function referencePrunedMargins(network: Network, label: number, ball: InputBall): Float64Array {
  const stages = referenceStages(network)
  const bounds = referencePrunedDualBounds(network, ball)
  const input = normalised(network.architecture, ball)
  const { terms, bias } = stages.at(-1)!
  const [{ source, ...term }] = terms // the last stage is no sum
  const lastInput = source < 0 ? input : { ...boxBehind(stages[source], bounds[source]), norm: 'linf' as const }
  const last: Stage = { terms: [{ ...term, source: -1 }], bias, relu: false }
  return Float64Array.from(bias, (_, target) => {
    if (target === label) return 0
    const specification = marginSpecification(stages, target, label)
    const interval = dualPass([last], [], specification, lastInput).upper // over one stage the dual is the interval
    return Math.min(interval, dualPass(stages, bounds, specification, input).upper)
  })
}

/** c = e_target − e_label over the outputs of the last stage. */
export function marginSpecification(stages: readonly Stage[], target: number, label: number): Float64Array {
  const c = unit(stages.at(-1)!.bias.length, target)
  c[label] -= 1
  return c
}
