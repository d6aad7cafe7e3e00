/** Upper bounds of the margins z_target − z_label of one example, by a last dual pass. */
import type { Interval } from '../device/device.ts'
import type { RowDevice } from '../device/rows.ts'
import { type Tape, type Tensor, makeGradients } from '../device/tape.ts'
import type { Proved, Relaxed } from './dual.ts'
import { closeOverBall, exampleOf } from './input-term.ts'
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
  const { device, stages } = network
  const label = chunk.labels[example]
  const specification = marginRows(device, stages.at(-1)!.outputShape.channels, label)
  const passage = { relaxations: relaxations[example], specification, wholeInput: true }
  const carried = carryRows(network, tape, stages.length - 1, passage)
  if (magnitude) {
    const factor = startRounding(stages, stages.length - 1)
    addStartRounding(carried, specification, { magnitude, factor, columns: chunk.columns, example }, label)
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
  const { device, stages } = proved.network
  const { bounds, specification, error } = margins(proved, undefined, example, proved.proof.magnitude)
  const classes = stages.at(-1)!.outputShape.channels
  const slack = scatter(device, undefined, { upper: error }, { specification, classes })
  return {
    bounds: proved.proof.trusted ? bounds.read().map(unlessOverflowed) : bounds.read().fill(Infinity),
    slack: slack.read(),
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
  const { device, stages } = network
  const logits = stages.at(-1)!
  const { specification, carried } = carryMargins(relaxed, tape, example, magnitude)
  const dual = closeOverBall(device, tape, carried, exampleOf(chunk, example))
  const { error } = carried
  const bounds = scatter(device, tape, dual, { specification, classes: logits.outputShape.channels })
  if (!options.prune) return { bounds, specification, error }
  const label = chunk.labels[example]
  const rigorous = magnitude !== undefined
  const interval = intervalMargins(network, tape, last, { columns: chunk.columns, example, label, rigorous })
  return { bounds: smaller(device, tape, bounds, interval), specification, error }
}

/** Upper bounds by target from rows. */
export function scatter(
  device: RowDevice,
  tape: Tape | undefined,
  { upper }: Pick<Interval, 'upper'>,
  { specification: { neurons }, classes }: { readonly specification: Specification; readonly classes: number },
): Tensor {
  const margins = device.zeroTensor(classes)
  const [byTarget, byRow] = [margins.view(), upper.view()]
  neurons.forEach((target, row) => {
    if (target >= 0) byTarget[target] = byRow[row]
  })
  tape?.record(() => {
    const [from, to] = makeGradients(margins, upper).map((gradient) => gradient.view()) as [Float32Array, Float32Array]
    neurons.forEach((target, row) => {
      if (target >= 0) to[row] += from[target]
    })
  })
  return margins
}

/** The smaller of two bounds, element by element; the gradient goes to the one that is. */
function smaller(device: RowDevice, tape: Tape | undefined, a: Tensor, b: Tensor): Tensor {
  const result = device.tensor(a.length)
  const [smallest, ofA, ofB] = [result, a, b].map((tensor) => tensor.view()) as Three
  const isFirst = Array.from(ofA, (value, i) => value <= ofB[i])
  isFirst.forEach((first, i) => (smallest[i] = first ? ofA[i] : ofB[i]))
  tape?.record(() => {
    const [d, da, db] = makeGradients(result, a, b).map((gradient) => gradient.view()) as Three
    isFirst.forEach((first, i) => ((first ? da : db)[i] += d[i]))
  })
  return result
}

type Three = [Float32Array, Float32Array, Float32Array]
