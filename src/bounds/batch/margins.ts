/**
 * Margins of a batch by a last dual pass, recorded: rows W[target] − W[label] of all examples and targets go back to the
 * image together (Li et al. 2019, Eqns. 7 to 9), as ../margins.ts carries those of one example.
 * Sound: no, since a GPU's rounding is not bounded. Complete: no.
 */
import { intervalMargins } from '../../device/webgpu/interval-margins.ts'
import { padded } from '../../device/webgpu/extents.ts'
import type { Product } from '../../device/webgpu/affine.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { RowSums, type RowSet } from '../../device/webgpu/rows.ts'
import { type RowsAtImage, closeMargins } from '../../device/webgpu/rows-close.ts'
import { rowsRelu } from '../../device/webgpu/rows-relu.ts'
import { startMargins } from '../../device/webgpu/rows-start.ts'
import { smaller } from '../../device/webgpu/smaller.ts'
import { transposed } from '../../device/webgpu/transposed.ts'
import type { Values } from '../../device/webgpu/values.ts'
import { wholeLayer } from '../../device/webgpu/windows.ts'
import type { Tape } from '../../device/tape.ts'
import { sizeOf } from '../../model/layers.ts'
import type { RelaxedBatch } from './relax.ts'

/** Margins on their way, where they have reached the image. */
export interface CarriedBatch extends RowsAtImage {
  readonly rows: RowSet
  readonly classes: number
}

/** @throws RangeError if another stage reads what the last one reads */
export function carryMarginsBatch(plan: Plan, tape: Tape | undefined, relaxed: RelaxedBatch): CarriedBatch {
  const { stages, ball, lines } = relaxed
  const last = stages.at(-1)!
  const classes = last.outputShape.channels
  const rows: RowSet = { batch: ball.batch, positions: 1, each: padded(classes) }
  const count = ball.batch.size * rows.each
  const hidden = stages.slice(0, -1)
  const sums = new RowSums(
    plan,
    rows,
    hidden.map(({ outputShape }) => sizeOf(outputShape)),
  )
  /** By source + 1: what comes there. */
  const coming: Product[][] = [[], ...hidden.map((): Product[] => [])]
  const [term] = last.terms
  const started = startMargins(plan, tape, { term, bias: last.bias, labels: ball.labels, rows, sums })
  const arrived = (source: number): Values => {
    const products = coming[source + 1]
    if (source !== term.source) return transposed(plan, tape, { products, rows: count })
    if (products.length > 0) throw new RangeError('the last stage shares what it reads with another')
    return started
  }
  for (let i = hidden.length - 1; i >= 0; i--) {
    const { terms, relu, bias, outputShape } = hidden[i]
    const input = rowsRelu(plan, tape, {
      ...{ values: arrived(i), bias, shape: outputShape, window: wholeLayer(outputShape), rows, sums },
      ...(relu && { lines: lines[i] }),
    })
    for (const { source, extents, weight } of terms) coming[source + 1].push({ extents, weight, input })
  }
  return { coefficients: arrived(-1), sums, rows, classes }
}

/** Upper bounds of z_target − z_label over the balls, [example · each + target]: the smaller of dual and interval bounds. */
export function dualMarginsBatch(plan: Plan, tape: Tape | undefined, relaxed: RelaxedBatch): Values {
  const { ball } = relaxed
  const dual = closeMargins(plan, tape, { ...carryMarginsBatch(plan, tape, relaxed), box: ball.box })
  return smaller(plan, tape, dual, intervalMarginsBatch(plan, tape, relaxed))
}

/** The same by an interval step through differences of the last stage's rows. */
export function intervalMarginsBatch(plan: Plan, tape: Tape | undefined, { stages, ball, last }: RelaxedBatch): Values {
  const { outputShape, bias, terms } = stages.at(-1)!
  const classes = outputShape.channels
  const stage = { weight: terms[0].weight, bias }
  const { labels, batch } = ball
  return intervalMargins(plan, tape, { stage, box: last, labels, classes, batch, each: padded(classes) })
}
