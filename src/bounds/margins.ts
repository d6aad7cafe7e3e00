/** Upper bounds of the margins z_target − z_label of one example, by a last dual pass. */
import type { Engine } from '../device/wasm/engine.ts'
import { type Tape, Tensor } from '../device/tape.ts'
import type { Proved, Relaxed } from './dual.ts'
import { type RowBounds, closeOverBall, exampleOf } from './input-term.ts'
import { type CarriedRows, carryRows } from './dual-rows.ts'
import { intervalMargins } from './interval.ts'
import { type Specification, marginRows } from './specification.ts'
import { startRounding, unlessOverflowed } from './rounding.ts'
import { addStartRounding } from './settle.ts'

/** The margins z_target − z_label of one example, carried back to the input. */
export interface CarriedMargins {
  readonly specification: Specification
  readonly carried: CarriedRows
}

/** @param magnitude of the last stage's outputs, if rows allow for rounding */
export function carryMargins(
  relaxed: Relaxed,
  tape: Tape | undefined,
  example: number,
  magnitude?: Tensor,
): CarriedMargins {
  const { network, chunk, relaxations } = relaxed
  const { engine, stages } = network
  const label = chunk.labels[example]
  const specification = marginRows(engine, stages.at(-1)!.outputShape.channels, label)
  const carried = carryRows(engine, tape, stages, stages.length - 1, relaxations[example], specification, true)
  if (magnitude) {
    const factor = startRounding(stages, stages.length - 1)
    addStartRounding(engine, carried, specification, magnitude, chunk.columns, example, factor, label)
  }
  return { specification, carried }
}

/**
 * Upper bounds of z_target − z_label over the ball, for training: one number per target, 0 at the label. They do not
 * allow for rounding and may rest on estimates: no certificate.
 */
export function dualMargins(relaxed: Relaxed, tape: Tape | undefined, example: number): Tensor {
  return margins(relaxed, tape, example).bounds
}

/**
 * Upper bounds of z_target − z_label over the ball: one number per target, 0 at the label. All below zero: proved
 * robust. Sound: yes, float32 rounding included. Complete: no.
 */
export const provedMargins = (proved: Proved, example: number): Float32Array =>
  provedMarginsAndSlack(proved, example).bounds

/** The same, and by how much each allows for rounding in its last pass; hidden bounds before it took less. */
export function provedMarginsAndSlack(
  proved: Proved,
  example: number,
): { readonly bounds: Float32Array; readonly slack: Float32Array } {
  const { engine, stages } = proved.network
  const { bounds, specification, error } = margins(proved, undefined, example, proved.proof.magnitude)
  const slack = scatter(engine, undefined, stages.at(-1)!.outputShape.channels, specification, { upper: error })
  const read = ({ pointer, length }: Tensor) => engine.read(pointer, length)
  return {
    bounds: proved.proof.trusted ? read(bounds).map(unlessOverflowed) : read(bounds).fill(Infinity),
    slack: read(slack),
  }
}

/** −max over targets ≠ label of the upper bounds of z_target − z_label; NaN if one is. */
export const provedMargin = (bounds: ArrayLike<number>, label: number): number =>
  Array.from(bounds).reduce((least, bound, target) => (target === label ? least : Math.min(least, -bound)), Infinity)

/** @returns bounds, one per target, and what of them is rounding, one per row of the specification */
function margins(
  relaxed: Relaxed,
  tape: Tape | undefined,
  example: number,
  magnitude?: Tensor,
): { readonly bounds: Tensor; readonly specification: Specification; readonly error: Tensor } {
  const { network, chunk, options, last } = relaxed
  const { engine, stages } = network
  const logits = stages.at(-1)!
  const { specification, carried } = carryMargins(relaxed, tape, example, magnitude)
  const dual = closeOverBall(engine, tape, carried, exampleOf(chunk, example))
  const { error } = carried
  const bounds = scatter(engine, tape, logits.outputShape.channels, specification, dual)
  if (!options.prune) return { bounds, specification, error }
  const label = chunk.labels[example]
  const rigorous = magnitude !== undefined
  const interval = intervalMargins(engine, tape, logits, last, chunk.columns, example, label, rigorous)
  return { bounds: smaller(engine, tape, bounds, interval), specification, error }
}

/** Upper bounds by target from rows. */
export function scatter(
  engine: Engine,
  tape: Tape | undefined,
  classes: number,
  { neurons }: Specification,
  { upper }: Pick<RowBounds, 'upper'>,
): Tensor {
  const margins = Tensor.zeros(engine, classes)
  neurons.forEach((target, row) => {
    if (target >= 0) engine.f32[(margins.pointer >> 2) + target] = engine.f32[(upper.pointer >> 2) + row]
  })
  tape?.record(() => {
    const [from, to] = [margins.gradient(engine) >> 2, upper.gradient(engine) >> 2]
    neurons.forEach((target, row) => {
      if (target >= 0) engine.f32[to + row] += engine.f32[from + target]
    })
  })
  return margins
}

/** The smaller of two bounds, element by element; the gradient goes to the one that is. */
function smaller(engine: Engine, tape: Tape | undefined, a: Tensor, b: Tensor): Tensor {
  const result = Tensor.create(engine, a.length)
  const { f32 } = engine
  const first = Array.from({ length: a.length }, (_, i) => f32[(a.pointer >> 2) + i] <= f32[(b.pointer >> 2) + i])
  first.forEach((isFirst, i) => {
    f32[(result.pointer >> 2) + i] = f32[((isFirst ? a : b).pointer >> 2) + i]
  })
  tape?.record(() => {
    const [d, da, db] = [result, a, b].map((tensor) => tensor.gradient(engine) >> 2) as [number, number, number]
    first.forEach((isFirst, i) => {
      engine.f32[(isFirst ? da : db) + i] += engine.f32[d + i]
    })
  })
  return result
}
