/**
 * The open sub-problems of a branch and bound: which of them are split next, and how. See branch-and-bound.ts for the
 * method and what it proves.
 */
import type { Deadline } from '../../base/deadline.ts'
import { FREE, OFF, ON, type Phases } from '../../model/phase.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { Heap } from '../../base/heap.ts'
import type { Condensed } from '../system/condensed.ts'
import { LinearProgram } from '../milp/lp.ts'
import { Cells } from './cells.ts'
import { KindChoice } from './kind-choice.ts'
import { type Split, type SplitKind, splitBox, splitKinds, splitNeuron } from './splits.ts'
import { bestByScore, bestByTrial } from './branching.ts'
import {
  type Bounded,
  type Effort,
  ROWS,
  type SubProblem,
  SubProblemBounds,
  bytesOf,
  canHalve,
  rootOf,
} from './sub-problems.ts'

export interface SearchOptions {
  /** Runs an input through the network itself, in float64. */
  readonly isCounterexample: (input: Float64Array) => boolean
}

/** For the first sub-problems, and for those of either kind of split. */
const ROOT_EFFORT: Effort = { steps: 40, choose: bestByTrial }
const EFFORTS: Readonly<Record<SplitKind, Effort>> = {
  neuron: { steps: 10, choose: bestByTrial },
  input: { steps: 4, choose: bestByScore },
}
/** After so many splits that hardly raise the bound, an LP helps. */
const PATIENCE = 4
/** Splits of each kind that a trial takes. */
const TRIAL = 16
/** Boxes are halved while bounds are this many times the rounding of the case's row below 0. Nearer to 0 LPs decide. */
const WORTH_HALVING = 1e3
/** Most bytes of open sub-problems. */
const MEMORY = 2 ** 30

/** What became of a sub-problem that was split as often as a trial allows. `least`: the worst open bound then. */
interface Dive {
  readonly leaves: readonly Bounded[]
  readonly splits: number
  readonly least: number
}

const byBound = (a: SubProblem, b: SubProblem) => a.bound - b.bound

export class Search {
  readonly #condensed: Condensed
  readonly #options: SearchOptions
  readonly #bounds: SubProblemBounds
  /** Where boxes can be halved. */
  readonly #cells: Cells | undefined
  readonly #capacity: number
  readonly #open = new Heap<SubProblem>(byBound)
  #program: LinearProgram | undefined
  readonly #kinds = new KindChoice()
  /** Least bound of the sub-problems that were closed. */
  least = Infinity
  /** Least bound of sub-problems that nothing can settle, since their minimum is within rounding of 0. */
  leastLeft = Infinity
  /** Sub-problems bounded so far. */
  count = 0
  /** A counterexample, once there is one. */
  point: Float64Array | undefined

  /** Takes memory of the engine: the caller marks and releases. */
  constructor(engine: Engine, condensed: Condensed, options: SearchOptions) {
    this.#condensed = condensed
    this.#options = options
    this.#bounds = new SubProblemBounds(engine, condensed, (input) => this.#tryPoint(input))
    this.#cells = canHalve(condensed) ? new Cells(engine, condensed) : undefined
    this.#capacity = MEMORY / bytesOf(condensed)
  }

  /** One sub-problem for each case, with nothing split, bounded as well as the time allows. */
  addRoots(deadline: Deadline): void {
    const roots = this.#condensed.cases.map(([row]) => rootOf(this.#condensed, row!))
    this.#keep(this.#bound(roots, ROOT_EFFORT, deadline))
  }

  add(problems: readonly SubProblem[]): void {
    for (const problem of problems) this.#open.push(problem)
  }

  /**
   * Works until nothing is open or a counterexample is found.
   * @returns why it stopped earlier, if it did
   */
  async explore(deadline: Deadline): Promise<'timeout' | 'memory' | undefined> {
    const started = performance.now()
    let inLps = 0
    while (this.#open.size > 0 && !this.point) {
      await deadline.giveTurn()
      if (deadline.isOver()) return 'timeout'
      const now = performance.now()
      if (this.#open.size > this.#capacity) return 'memory'
      const splits: Split[] = []
      const isLate = () => splits.length > 0 && deadline.isOver()
      for (let room = ROWS; this.#open.size > 0 && room > 0 && !isLate();) {
        const problem = this.#open.pop()!
        const kind = this.#kindFor(problem)
        if (!kind) {
          this.#tryKinds(problem, deadline)
          break
        }
        const isStuck = problem.stalled >= PATIENCE && inLps <= (now - started) / 2
        const split = this.#halve(problem, kind) ?? (isStuck ? undefined : splitNeuron(problem))
        if (split) {
          splits.push(split)
          room -= split.open.length
        } else {
          await this.#solve(problem, deadline)
          inLps += performance.now() - now
          break
        }
      }
      for (const kind of splitKinds) {
        this.#keep(
          this.#boundSplits(
            splits.filter((split) => split.kind === kind),
            kind,
            deadline,
          ),
        )
      }
    }
    return undefined
  }

  /** Frees the LP, which is not in the engine's memory. */
  close(): void {
    this.#program?.dispose()
    this.#program = undefined
  }

  /** Takes all open sub-problems out of the search, worst bound first. */
  takeOpen(): SubProblem[] {
    const taken: SubProblem[] = []
    for (let problem = this.#open.pop(); problem; problem = this.#open.pop()) taken.push(problem)
    return taken
  }

  /** Least bound of the open sub-problems. */
  get leastOpen(): number {
    return this.#open.peek()?.bound ?? Infinity
  }

  /** Bounds a sub-problem by an LP: one without free neurons, or one for which ascent gains too little. */
  async #solve(problem: SubProblem, deadline: Deadline): Promise<void> {
    this.#program ??= await LinearProgram.create(this.#condensed)
    this.#program.setObjective([problem.row])
    const seconds = deadline.left() / 1000
    const { bound, point } = this.#program.solveForSign(this.#signsOf(problem), seconds)
    const best = bound > problem.bound ? bound : problem.bound
    if (best > 0) {
      this.least = Math.min(this.least, best)
      return
    }
    // the sub-problem stays, even if the point is a counterexample
    const isCutOff = deadline.isOver()
    if (problem.next >= 0 || isCutOff) this.#open.push({ ...problem, bound: best, stalled: 0 })
    else this.leastLeft = Math.min(this.leastLeft, best)
    if (point) this.#tryPoint(point)
  }

  /** @returns undefined if both kinds are to be tried */
  #kindFor(problem: SubProblem): SplitKind | undefined {
    const isWorthHalving = problem.bound < -WORTH_HALVING * this.#bounds.slackOf(problem.row)
    if (!this.#cells || problem.next < 0 || !isWorthHalving) return 'neuron'
    const open = this.#bounds.openIn(problem)
    this.#kinds.count(open)
    return this.#kinds.kindFor(open)
  }

  /** Halves its box, if that is the kind and if it can be halved. */
  #halve(problem: SubProblem, kind: SplitKind): Split | undefined {
    return kind === 'input' && problem.next >= 0 ? splitBox(this.#cells!, this.#condensed, problem) : undefined
  }

  /** Dives from a sub-problem twice, with splits of one kind each, and keeps the leaves of the better one. */
  #tryKinds(problem: SubProblem, deadline: Deadline): void {
    const [neuron, input] = splitKinds.map((kind) => ({ kind, ...this.#dive(problem, kind, deadline) }))
    const isBetter = input!.least === neuron!.least ? input!.splits < neuron!.splits : input!.least > neuron!.least
    const { kind, leaves } = isBetter ? input! : neuron!
    this.#kinds.decide(this.#bounds.openIn(problem), kind, neuron!.splits + input!.splits)
    this.#keep(leaves)
  }

  /**
   * Splits a sub-problem, then the worse of its sides, and so on: what that gains tells how deep the tree will be. A side
   * without open neurons counts as closed, since one LP settles it.
   */
  #dive(problem: SubProblem, kind: SplitKind, deadline: Deadline): Dive {
    const leaves: Bounded[] = []
    let splits = 0
    let worst: SubProblem | undefined = problem
    while (worst && splits < TRIAL && !deadline.isOver()) {
      const split: Split | undefined = this.#halve(worst, kind) ?? splitNeuron(worst)
      if (!split) break
      splits++
      const sides = this.#boundSplits([split], kind, deadline).toSorted((a, b) => a.bound - b.bound)
      const next = sides.findIndex(({ open }) => open)
      worst = sides[next]?.open
      leaves.push(...sides.filter((_, i) => i !== next))
    }
    const least = worst && worst.next >= 0 ? worst.bound : Infinity
    if (worst) leaves.push({ bound: worst.bound, open: worst })
    return { leaves, splits, least }
  }

  #boundSplits(splits: readonly Split[], kind: SplitKind, deadline: Deadline): Bounded[] {
    const closed = splits.flatMap((split) => split.closed)
    this.count += closed.length
    const open = splits.flatMap((split) => split.open)
    return [...closed.map((bound) => ({ bound, open: undefined })), ...this.#bound(open, EFFORTS[kind], deadline)]
  }

  #bound(problems: readonly SubProblem[], effort: Effort, deadline: Deadline): Bounded[] {
    this.count += problems.length
    return this.#bounds.bound(problems, effort, deadline)
  }

  #keep(bounded: readonly Bounded[]): void {
    for (const { bound, open } of bounded) {
      if (open) this.#open.push(open)
      else this.least = Math.min(this.least, bound)
    }
  }

  /** The phases of all neurons, also of those that bounds have settled. */
  #signsOf(problem: SubProblem): Phases {
    const { neuronLower, neuronUpper } = this.#bounds.neuronsOf(problem)
    return problem.phases.map((phase, k) => phase || (neuronLower[k] >= 0 ? ON : neuronUpper[k] <= 0 ? OFF : FREE))
  }

  #tryPoint(point: Float64Array): boolean {
    const isOne = this.#options.isCounterexample(point)
    if (isOne) this.point = point
    return isOne
  }
}
