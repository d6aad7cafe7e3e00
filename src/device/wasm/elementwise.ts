/** Element-wise operations on tensors, with their adjoints. */
import type { Engine } from './engine.ts'
import { none } from './pointers.ts'
import { type Tape, Tensor } from '../tape.ts'

/** max(x, 0). */
export function relu(engine: Engine, tape: Tape | undefined, x: Tensor): Tensor {
  const y = Tensor.create(engine, x.length)
  y.support = y
  engine.kernels.relu(x.length, x.pointer, y.pointer)
  tape?.record(() => engine.kernels.reluAdjoint(x.length, x.pointer, x.gradient(engine), y.gradient(engine)))
  return y
}

/** An interval per element, by its centre and radius. */
export interface Ball {
  readonly centre: Tensor
  readonly radius: Tensor
}

/** An interval per element, by its ends. */
export interface Interval {
  readonly lower: Tensor
  readonly upper: Tensor
}

/** [relu(lower), relu(upper)]. */
export function reluInterval(engine: Engine, tape: Tape | undefined, { lower, upper }: Interval): Ball {
  const n = lower.length
  const centre = Tensor.create(engine, n)
  const radius = Tensor.create(engine, n)
  // the centre is zero where the upper end is not positive, and only there
  centre.support = centre
  radius.support = centre
  engine.kernels.reluInterval(n, lower.pointer, upper.pointer, centre.pointer, radius.pointer)
  tape?.record(() =>
    engine.kernels.reluIntervalAdjoint(
      n,
      lower.pointer,
      upper.pointer,
      lower.gradient(engine),
      upper.gradient(engine),
      centre.gradient(engine),
      radius.gradient(engine),
    ),
  )
  return { centre, radius }
}

/** Outward widening of interval ends: by `factor` times the magnitude of what was summed. */
export interface Widening {
  readonly factor: number
  readonly magnitude: Tensor
}

/** [centre − radius, centre + radius], widened outwards if asked to. */
export function intervalEnds(
  engine: Engine,
  tape: Tape | undefined,
  { centre, radius }: Ball,
  widening?: Widening,
): Interval {
  const n = centre.length
  const lower = Tensor.create(engine, n)
  const upper = Tensor.create(engine, n)
  engine.kernels.intervalEnds(
    n,
    centre.pointer,
    radius.pointer,
    lower.pointer,
    upper.pointer,
    widening?.magnitude.pointer ?? none,
    widening?.factor ?? 0,
  )
  tape?.record(() =>
    engine.kernels.intervalEndsAdjoint(
      n,
      lower.gradient(engine),
      upper.gradient(engine),
      centre.gradient(engine),
      radius.gradient(engine),
    ),
  )
  return { lower, upper }
}
