/** What a branch and bound on several workers has proved, and its open sub-problems: workers get them in rounds. */
import type { CompleteResult } from '../../region/question.ts'
import type { Explored } from './search-work.ts'
import type { SubProblem } from './sub-problems.ts'

/** Most sub-problems per worker and round. */
const SHARE = 512

export class Frontier {
  /** Worst bound first. */
  #open: SubProblem[] = []
  /** Least bounds of the sub-problems that were closed, and of those that nothing can settle: see search.ts. */
  #least = Infinity
  #leastLeft = Infinity
  /** Sub-problems bounded so far. */
  count = 0

  get size(): number {
    return this.#open.length
  }

  /** Least bound of what is open. */
  get worst(): number {
    return this.#open[0]?.bound ?? Infinity
  }

  /** What is proved of the margin. */
  get bound(): number {
    return Math.min(this.#least, this.#leastLeft, this.worst)
  }

  /** Adds what workers have done, and what they left open. */
  take(done: readonly Omit<Explored, 'candidates'>[]): void {
    for (const { least, leastLeft, count } of done) {
      this.#least = Math.min(this.#least, least)
      this.#leastLeft = Math.min(this.#leastLeft, leastLeft)
      this.count += count
    }
    this.#open = [...this.#open, ...done.flatMap(({ open }) => open)].toSorted((a, b) => a.bound - b.bound)
  }

  /** Deals the worst sub-problems to workers in turn. The others stay. */
  deal(workers: number): SubProblem[][] {
    const shares: SubProblem[][] = Array.from({ length: Math.min(workers, this.size) }, () => [])
    this.#open.splice(0, SHARE * shares.length).forEach((problem, i) => shares[i % shares.length].push(problem))
    return shares
  }

  /** The answer, once nothing is open. */
  conclude(): CompleteResult {
    if (this.#leastLeft === Infinity) return { verdict: 'robust', margin: this.#least }
    return { verdict: 'undecided', bound: this.bound, reason: 'precision' }
  }
}
