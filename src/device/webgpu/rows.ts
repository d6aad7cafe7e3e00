/**
 * Rows of a dual pass, for a whole batch at once: every target of every example, dense. Values lie
 * [channel][y in the window][x in the window][row], a window of a layer or all of it (windows.ts), with
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

/** WGSL: `example` and `position` of the rows 4·quad to 4·quad + 3. */
export const ofQuad = ({ batch, each }: RowSet): string => `  let example = quad / ${each / 4}u % ${batch.size}u;
  let position = quad / ${(each / 4) * batch.size}u;`

/** Fewest neurons that a part sums, and how many threads keep a GPU busy. */
const SMALLEST = 16
const THREADS = 2 ** 17

/** Some of the parts of sums: `count` from `first` on, of `size` neurons each. */
export interface Parts {
  readonly first: number
  readonly count: number
  readonly size: number
}

/**
 * What rows gather on their way to the image: Σ ν·b, Σ l[−ν]₊ and −Σ l[ν]₊, in parts that are added, in their order, where
 * the rows end. The first part is what they start with.
 */
export class RowSums {
  /** [part][constant, lower gap, upper gap][row]. */
  readonly parts: Values
  readonly count: number
  /** [lower, upper][row]: never there themselves; their gradient is what flows back to the ends of every row. */
  readonly ends: Values
  readonly #rows: number
  #taken = 1

  /** @param neurons of each window in which the rows will meet ReLUs, in any order */
  constructor(plan: Plan, rows: RowSet, neurons: readonly number[]) {
    this.#rows = rowCount(rows)
    this.count = neurons.reduce((sum, of) => sum + this.#share(of).count, 1)
    this.parts = plan.values('sums of rows', 3 * this.count * this.#rows)
    this.ends = plan.values('ends of rows', 2 * this.#rows, true)
  }

  /** Parts for so many neurons. @throws RangeError if those were not announced */
  take(neurons: number): Parts {
    const parts = { first: this.#taken, ...this.#share(neurons) }
    this.#taken += parts.count
    if (this.#taken > this.count) throw new RangeError('rows meet more neurons than their sums have room for')
    return parts
  }

  /** @throws RangeError if neurons were announced that the rows have not met */
  check(): void {
    if (this.#taken !== this.count) throw new RangeError('rows have met fewer neurons than their sums have room for')
  }

  #share(neurons: number): Omit<Parts, 'first'> {
    const wanted = Math.min(Math.ceil((4 * THREADS) / this.#rows), Math.ceil(neurons / SMALLEST))
    const size = Math.ceil(neurons / wanted)
    return { count: Math.ceil(neurons / size), size }
  }
}
