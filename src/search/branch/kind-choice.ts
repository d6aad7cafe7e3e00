/**
 * Which kind of split raises bounds more, measured on the question itself. The gain depends on how far the search has
 * come, so sub-problems with about as many open neurons form a group, 2ⁿ⁻¹ to 2ⁿ − 1 of them. In each group the first
 * sub-problem is tried both ways, and then one after every so many splits (search.ts).
 */
import type { SplitKind } from './splits.ts'

/** The next trial comes once there are this many times as many splits. */
const SELDOM = 4

interface Group {
  kind: SplitKind
  splits: number
  nextTrial: number
}

export class KindChoice {
  readonly #groups: Group[] = []

  /** @returns the better kind by the group's last trial, or undefined where one is due */
  kindFor(open: number): SplitKind | undefined {
    const { kind, splits, nextTrial } = this.#groupOf(open)
    return splits < nextTrial ? kind : undefined
  }

  /** Takes the outcome of a trial. @param splits that the trial needed */
  decide(open: number, kind: SplitKind, splits: number): void {
    const group = this.#groupOf(open)
    group.kind = kind
    group.splits += splits
    group.nextTrial = SELDOM * group.splits
  }

  count(open: number): void {
    this.#groupOf(open).splits++
  }

  /** @param open neurons that neither bounds nor splits have decided */
  #groupOf(open: number): Group {
    return (this.#groups[Math.ceil(Math.log2(open + 1))] ??= { kind: 'neuron', splits: 0, nextTrial: 1 })
  }
}
