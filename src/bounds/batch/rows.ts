/**
 * A dual pass of a batch, recorded: rows of all examples go back to the image together, from every stage to those that it reads
 * (Wong & Kolter 2018; Li et al. 2019, Eqn. 9), as ../dual-rows.ts carries those of one example.
 */
import type { Product } from '../../device/webgpu/affine.ts'
import type { BatchStage, BatchTerm } from '../../device/webgpu/network.ts'
import type { Plan } from '../../device/webgpu/plan.ts'
import { type RowSet, RowSums, rowCount } from '../../device/webgpu/rows.ts'
import type { RowsAtImage } from '../../device/webgpu/rows-close.ts'
import { rowsRelu } from '../../device/webgpu/rows-relu.ts'
import { transposed } from '../../device/webgpu/transposed.ts'
import type { Values } from '../../device/webgpu/values.ts'
import { type Window, wholeLayer, windowExtents, windowSize, windowsBelow } from '../../device/webgpu/windows.ts'
import type { Tape } from '../../device/tape.ts'
import { UserError } from '../../base/errors.ts'
import type { Shape } from '../../model/layers.ts'

/** Where rows start: at a term of their stage. */
export interface RowStart {
  readonly term: BatchTerm
  /** Whether the biases of the stage come along, as they must with one of its terms. */
  readonly withBias: boolean
  /** What of the term's source the rows see. */
  readonly window: Window
  readonly rows: RowSet
  readonly sums: RowSums
  /** Rows that have come there from stages between, to which these are added. */
  readonly into: Values | undefined
}

export interface Passage {
  readonly stages: readonly BatchStage[]
  /** Of every stage before the one where rows start. */
  readonly lines: readonly Values[]
  /** Where rows start. */
  readonly stage: number
  readonly rows: RowSet
  readonly start: (at: RowStart) => Values
}

/** Rows where they have reached the image, and what of it they see. */
export interface CarriedRows extends RowsAtImage {
  readonly rows: RowSet
  readonly window: Window
  /** Of the image. */
  readonly shape: Shape
}

export function carryRowsBatch(
  plan: Plan,
  tape: Tape | undefined,
  { stages, lines, stage, rows, start }: Passage,
): CarriedRows {
  const windows = windowsBelow(stages, stage)
  if (!windows) {
    throw new UserError(
      `stage ${stage} comes from another by ways of different strides: on a GPU such a network has no exact bounds, only projected ones`,
    )
  }
  const seen = stages.slice(0, stage).map(({ outputShape }, i) => ({ outputShape, window: windows[i + 1] }))
  const sums = new RowSums(
    plan,
    rows,
    seen.flatMap(({ outputShape, window }) => (window ? [windowSize(outputShape, window)] : [])),
  )
  const top = stages[stage].terms
  /** By source + 1: what stages in between send there. */
  const sent: Product[][] = Array.from({ length: stage + 1 }, () => [])
  const arrivedAt = (source: number): Values => {
    const window = windows[source + 1]!
    const products = sent[source + 1]
    const starting = top.filter((term) => term.source === source)
    const others = products.length > 0 ? transposed(plan, tape, { products, rows: rowCount(rows) }) : undefined
    return starting.reduce<Values | undefined>((into, term) => {
      // as the term sees it: flattened, or not
      const own = window.stride === 0 ? wholeLayer(term.inputShape) : window
      return start({ term, withBias: term === top[0], window: own, rows, sums, into })
    }, others)!
  }
  for (let i = stage - 1; i >= 0; i--) {
    const { terms, relu, bias, outputShape } = stages[i]
    const window = windows[i + 1]
    if (!window) continue
    const input = rowsRelu(plan, tape, {
      ...{ values: arrivedAt(i), bias, shape: outputShape, window, rows, sums },
      ...(relu && { lines: lines[i] }),
    })
    for (const { source, extents, weight } of terms) {
      sent[source + 1].push({ extents: windowExtents(extents, window, windows[source + 1]!), weight, input })
    }
  }
  const coefficients = arrivedAt(-1)
  sums.check()
  return { coefficients, sums, rows, window: windows[0]!, shape: imageOf(stages) }
}

/** The shape of the image. @throws RangeError if no stage reads it */
export function imageOf(stages: readonly BatchStage[]): Shape {
  const term = stages.flatMap(({ terms }) => terms).find(({ source }) => source < 0)
  if (!term) throw new RangeError('no stage reads the image')
  return term.inputShape
}
