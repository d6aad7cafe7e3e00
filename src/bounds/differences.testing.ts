/** Gradients against central differences. */
import { expect } from 'vitest'
import type { Random } from '../base/random.ts'

export interface Differentiated {
  /** Of the objective, by parameter. */
  readonly gradient: Float32Array
  readonly parameters: Float32Array
  /** In float64. */
  readonly objective: (parameters: Float64Array) => number
  /** How many entries are tried; 8 if left out. */
  readonly entries?: number
}

/**
 * Holds random entries of a gradient against (h(p + δ) − h(p − δ)) / 2δ. Entries at a kink, where the sides differ, do not
 * count.
 * @returns how many were compared
 */
export function expectGradient(
  { gradient, parameters, objective, entries = 8 }: Differentiated,
  random: Random,
): number {
  const here = objective(Float64Array.from(parameters))
  const scale = Math.max(1e-2, ...gradient.map(Math.abs))
  let compared = 0
  for (let n = 0; n < entries; n++) {
    const i = random.integer(parameters.length)
    const at = (step: number) => objective(Float64Array.from(parameters).with(i, parameters[i] + step))
    const [forwards, backwards] = [(at(1e-6) - here) / 1e-6, (here - at(-1e-6)) / 1e-6]
    if (Math.abs(forwards - backwards) > 1e-3 * scale) continue
    expect(Math.abs(gradient[i] - (forwards + backwards) / 2), `parameter ${i}`).toBeLessThanOrEqual(2e-3 * scale)
    compared++
  }
  return compared
}
