/**
 * Rows of a dual pass, for a whole batch at once: every target of every example, dense. Values lie
 * [channel][y in the window][x in the window][row], a window of a layer or all of it, with
 *
 *   row = (position · batch.size + example) · each + target.
 */
import type { Batch } from './batch.ts'
import type { Plan } from './plan.ts'
import type { Values } from './values.ts'

export interface RowSet {
  readonly batch: Batch
  /** Output positions that rows start from: 1 for margins and for neurons of linear layers. */
  readonly positions: number
  /** Rows per position and example: targets or output channels, padded to a multiple of 4. */
  readonly each: number
}

export const rowCount = ({ batch, positions, each }: RowSet): number => positions * batch.size * each

/**
 * Which part of a layer the rows of a position see: position (py, px) the lines py·stride − offset to
 * py·stride − offset + height − 1, and columns alike. Of a whole layer the stride and the offset are 0. Places outside of
 * the layer have coefficients that mean nothing until rows meet its ReLU or the image, which make them 0.
 */
export interface Window {
  readonly height: number
  readonly width: number
  readonly stride: number
  readonly offset: number
  /** Positions in a line of the outputs that rows start from. */
  readonly across: number
}

/** How many neurons a thread of rows-relu.ts sums at least, and how many threads keep a GPU busy. */
const LEAST = 16
const THREADS = 2 ** 17

/**
 * What rows gather on their way to the input: Σ ν·b, Σ l[−ν]₊ and −Σ l[ν]₊, in parts that are added, in their order, where
 * the rows end (rows-close.ts).
 */
export class RowSums {
  /** [part][constant, lower gap, upper gap][row]. */
  readonly parts: Values
  readonly count: number
  /** [lower, upper][row]: never there themselves; their gradient is what flows back to the ends of every row. */
  readonly ends: Values
  readonly #rows: number
  #taken = 0

  /** @param neurons of the windows in which these rows will meet ReLUs, in any order */
  constructor(plan: Plan, rows: RowSet, neurons: readonly number[]) {
    this.#rows = rowCount(rows)
    this.count = 1 + neurons.reduce((sum, of) => sum + this.#share(of).count, 0)
    this.parts = plan.values('sums of rows', 3 * this.count * this.#rows)
    this.ends = plan.values('ends of rows', 2 * this.#rows, true)
  }

  /** The part that rows start with. */
  get start(): { readonly first: 0 } {
    return { first: 0 }
  }

  /** Parts for the rows' way past this many neurons: `count` of them from `first` on, of `size` neurons each. */
  take(neurons: number): { readonly first: number; readonly count: number; readonly size: number } {
    const share = this.#share(neurons)
    const first = 1 + this.#taken
    this.#taken += share.count
    if (first + share.count > this.count) throw new RangeError('rows meet more neurons than their sums have room for')
    return { first, ...share }
  }

  /** @throws RangeError if parts are left that nothing has been written to */
  check(): void {
    if (1 + this.#taken !== this.count)
      throw new RangeError('rows have met fewer neurons than their sums have room for')
  }

  #share(neurons: number): { readonly count: number; readonly size: number } {
    const wanted = Math.min(Math.ceil((4 * THREADS) / this.#rows), Math.ceil(neurons / LEAST))
    const size = Math.ceil(neurons / Math.max(1, wanted))
    return { count: Math.ceil(neurons / size), size }
  }
}
