/**
 * One interval step through a stage of a network: centres c by W, radii r by |W|.
 *
 *   z ∈ [W·c + b − |W|·r, W·c + b + |W|·r]
 *
 * Sound: yes. Complete: no. Source: Gowal et al. 2018.
 */
import type { CentredBox, Device, Interval } from '../device/device.ts'
import type { Stage } from '../device/loaded-network.ts'
import type { Tape, Tensor } from '../device/tape.ts'
import { intervalRounding } from './rounding.ts'

/** Pre-activation bounds of a stage, and per neuron |W|·max|a| + |b|, which bounds rounding (rounding.ts). */
export interface StageInterval extends Interval {
  readonly magnitude?: Tensor
}

/**
 * One interval step through an affine stage.
 * @param boxes bounds of what each term of the stage reads, [neuron][example]
 * @param rigorous widen by float32 rounding, for certificates
 */
export function intervalStep(
  device: Device,
  tape: Tape | undefined,
  stage: Stage,
  { boxes, columns, rigorous }: { boxes: readonly CentredBox[]; columns: number; rigorous: boolean },
): StageInterval {
  const { terms, bias } = stage
  const products = (weight: 'weight' | 'absoluteWeight', of: 'centre' | 'radius') =>
    terms.map((term, i) => ({
      geometry: term.geometry,
      weight: term[weight],
      input: boxes[i][of],
      // no gradient goes further back than the image
      toInput: term.source >= 0,
      toWeight: true,
    }))
  const centre = device.layers.affine(tape, products('weight', 'centre'), columns, bias)
  const radius = device.layers.affine(tape, products('absoluteWeight', 'radius'), columns)
  if (!rigorous) return device.intervals.ends(tape, { centre, radius })
  const magnitude = magnitudeOf(device, stage, boxes, columns)
  const widening = { factor: intervalRounding(terms), magnitude }
  return { ...device.intervals.ends(tape, { centre, radius }, widening), magnitude }
}

/** Σ |W|·(|centre| + radius) + |b|: the largest sum of absolute terms that a stage's outputs can have. */
export function magnitudeOf(
  device: Device,
  { terms, absoluteBias }: Stage,
  boxes: readonly CentredBox[],
  columns: number,
): Tensor {
  const largest = boxes.map((box) => device.intervals.largest(box))
  const products = terms.map(({ geometry, absoluteWeight }, i) => ({
    geometry,
    weight: absoluteWeight,
    input: largest[i],
    toInput: false,
    toWeight: false,
  }))
  return device.layers.affine(undefined, products, columns, absoluteBias)
}

/** The boxes that the terms of a stage read: the image's, or those behind earlier stages. */
export const boxesOf = ({ terms }: Stage, image: CentredBox, behind: readonly CentredBox[]): CentredBox[] =>
  terms.map(({ source }) => (source < 0 ? image : behind[source]))

/** What a stage's interval becomes behind it: behind its ReLU, if it has one. */
export const boxBehind = (device: Device, tape: Tape | undefined, { relu }: Stage, interval: Interval): CentredBox =>
  relu ? device.intervals.relu(tape, interval) : device.intervals.centred(tape, interval)
