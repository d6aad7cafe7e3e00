/** Spaces of which float32 and float64 say the same. */
import type { AdversarialSpace } from '../reference/adversarial-space.ts'
import { medianTransition, transitionPoints } from '../reference/transitions.ts'

/** Whether float32 cannot take another transition point for the median, nor another sign. */
export function isClear(space: AdversarialSpace): boolean {
  const { f, g } = space
  const scale = Math.max(...f.inputCoefficients.map(Math.abs)) * 1e-4
  const scaleG = Math.max(...g.inputCoefficients.map(Math.abs)) * 1e-4
  const unclear = f.inputCoefficients.some((v, j) => {
    const q = g.inputCoefficients[j]
    return (v !== 0 && Math.abs(v) < scale) || (q !== 0 && Math.abs(q) < scaleG)
  })
  const median = medianTransition(space)
  const near = transitionPoints(space).filter((t) => median > 0 && Math.abs(t - median) < 1e-3 * median)
  return !unclear && near.length <= 1
}
