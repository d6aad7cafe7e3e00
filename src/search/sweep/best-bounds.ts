/**
 * The best lower bounds of linear functions of a system, over some fixed slopes and steps of gradient ascent.
 * Sound: yes. Complete: no. Sources: Zhang et al. 2018, Xu et al. 2021.
 */
import type { Deadline } from '../../base/deadline.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { FREE } from '../../model/phase.ts'
import type { Neurons, Row } from '../system/condensed.ts'
import { Batch } from './batch.ts'
import { System } from './system.ts'

/** Rows of a batch of bounds. */
const ROWS = 32

/** The lower slope of a neuron with bounds l < 0 < u. */
export type LowerSlope = (l: number, u: number) => number

/** How functions are bounded. */
export interface Effort {
  /** Every bound is tried with each of these slopes. */
  readonly slopes: readonly LowerSlope[]
  /** Steps of ascent from the last of them. */
  readonly steps: number
  readonly deadline: Deadline
}

interface SignedRow {
  readonly row: Row
  readonly sign: 1 | -1
}

/** Lower bounds of functions of a system, −Infinity where there is none. @throws TimeIsUp past the deadline */
export const lowerBounds = (engine: Engine, system: Neurons, functions: readonly Row[], effort: Effort): Float64Array =>
  best(
    engine,
    system,
    functions.map((row) => ({ row, sign: 1 })),
    effort,
  )

/** Both bounds of functions of a system. @throws TimeIsUp past the deadline */
export function bothBounds(
  engine: Engine,
  system: Neurons,
  functions: readonly Row[],
  effort: Effort,
): { readonly lower: Float64Array; readonly upper: Float64Array } {
  const signed = ([1, -1] as const).flatMap((sign) => functions.map((row) => ({ row, sign })))
  const ends = best(engine, system, signed, effort)
  return {
    lower: ends.subarray(0, functions.length),
    upper: ends.subarray(functions.length).map((end) => -end),
  }
}

function best(
  engine: Engine,
  neurons: Neurons,
  functions: readonly SignedRow[],
  { slopes, steps, deadline }: Effort,
): Float64Array {
  const found = new Float64Array(functions.length).fill(-Infinity)
  if (functions.length === 0) return found
  const mark = engine.mark()
  const { neuronLower, neuronUpper } = neurons
  const system = new System(engine, neurons)
  const batch = new Batch(system, Math.min(ROWS, (functions.length + 7) & ~7))
  for (let first = 0; first < functions.length; first += batch.rows) {
    deadline.check()
    const part = functions.slice(first, first + batch.rows)
    part.forEach(({ row, sign }, r) => batch.setFunction(r, row, sign))
    const take = () => {
      const bounds = batch.bounds()
      part.forEach((_, r) => (found[first + r] = better(found[first + r], bounds[r])))
    }
    for (const slope of slopes) {
      for (let k = 0; k < system.neurons; k++) {
        const [lower, upper] = [neuronLower[k], neuronUpper[k]]
        batch.setNeuron(k, { phase: FREE, variable: slope(lower, upper), scale: 1, lower, upper })
      }
      take()
    }
    batch.restart()
    for (let step = 0; step < steps; step++) {
      deadline.check()
      batch.ascend(stepSize(step, steps))
      take()
    }
  }
  engine.release(mark)
  return found
}

/** The larger of two lower bounds; one that is not a finite number bounds nothing. */
export const better = (bound: number, other: number): number => (other > bound && other < Infinity ? other : bound)

/** Length of ascent step `step` of so many, counted from 0: from 0.3 down to 0.1. */
export const stepSize = (step: number, steps: number): number => 0.3 * 0.33 ** (step / steps)
