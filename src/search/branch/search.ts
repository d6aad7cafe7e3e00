/** The open sub-problems of a branch and bound, and which are split, and how: see branch-and-bound.ts. */
import { FREE, OFF, ON, type Phases } from '../../model/phase.ts'
import type { Engine } from '../../device/wasm/engine.ts'
import { Heap } from '../../base/heap.ts'
import type { Condensed } from '../system/condensed.ts'
import { LinearProgram } from '../milp/lp.ts'
import { Cells } from './cells.ts'
import { KindChoice } from './kind-choice.ts'
import { type Split, type SplitKind, splitBox, splitKinds, splitNeuron } from './splits.ts'
import { type Bounded, ROWS, type SubProblem, SubProblemBounds, bytesOf, canHalve, rootOf } from './sub-problems.ts'

export interface SearchOptions {
  /** Re-check of an input on the network itself, in float64. */
  readonly isCounterexample: (input: Float64Array) => boolean
}

/** Steps of ascent: for the first sub-problems, and for those of either kind of split. */
const ROOT_STEPS = 40
const STEPS: Record<SplitKind, number> = { neuron: 10, input: 4 }
/** After so many splits that hardly raise the bound, an LP helps. */
const PATIENCE = 4
/** Splits of each kind that a trial takes. */
const TRIAL = 16
/** Boxes are halved while bounds are this far, in rounding of the case's row, below 0: nearer, LPs decide. */
const WORTH_HALVING = 1e3
/** Bytes that open sub-problems may take. */
const MEMORY = 2 ** 30

/** A sub-problem that was split as often as a trial allows, and the bound of the worst that is open then. */
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
  /** Least bound of what was closed. */
  least = Infinity
  /** Least bound of sub-problems that nothing can settle, since their minimum is within rounding of 0. */
  leastLeft = Infinity
  /** Sub-problems bounded so far. */
  count = 0
  /** A counterexample, once there is one. */
  point: Float64Array | undefined

  /** Memory is taken from the engine's arena: the caller marks and releases. */
  constructor(engine: Engine, condensed: Condensed, options: SearchOptions) {
    this.#condensed = condensed
    this.#options = options
    this.#bounds = new SubProblemBounds(engine, condensed, (input) => this.#tryPoint(input))
    this.#cells = canHalve(condensed) ? new Cells(engine, condensed) : undefined
    this.#capacity = MEMORY / bytesOf(condensed)
  }

  /** One sub-problem for each case, nothing split; bounded as well as the time until the deadline allows. */
  addRoots(deadline: number): void {
    const roots = this.#condensed.cases.map(([row]) => rootOf(this.#condensed, row!))
    this.#keep(this.#bound(roots, ROOT_STEPS, true, deadline))
  }

  add(problems: readonly SubProblem[]): void {
    for (const problem of problems) this.#open.push(problem)
  }

  /**
   * Works until nothing is open or a counterexample is found.
   * @returns why it stopped before
   */
  async explore(deadline: number): Promise<'timeout' | 'memory' | undefined> {
    const started = performance.now()
    let inLps = 0
    while (this.#open.size > 0 && !this.point) {
      const now = performance.now()
      if (now > deadline) return 'timeout'
      if (this.#open.size > this.#capacity) return 'memory'
      const splits: Split[] = []
      const isLate = () => splits.length > 0 && performance.now() > deadline
      for (let room = ROWS; this.#open.size > 0 && room > 0 && !isLate();) {
        const problem = this.#open.pop()!
        const kind = this.#kindFor(problem)
        if (!kind) {
          this.#tryKinds(problem, deadline)
          break
        }
        const isStuck = problem.stalled >= PATIENCE && inLps <= (now - started) / 2
        const split = this.#split(problem, kind, isStuck)
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

  /** Frees what is not in the engine's arena. */
  close(): void {
    this.#program?.dispose()
    this.#program = undefined
  }

  /** Takes all open sub-problems away, worst bound first. */
  takeOpen(): SubProblem[] {
    const taken: SubProblem[] = []
    for (let problem = this.#open.pop(); problem; problem = this.#open.pop()) taken.push(problem)
    return taken
  }

  /** Least bound of what is open. */
  get leastOpen(): number {
    return this.#open.peek()?.bound ?? Infinity
  }

  /** One sub-problem by an LP: what has no free neuron left, and where ascent does not get on. */
  async #solve(problem: SubProblem, deadline: number): Promise<void> {
    this.#program ??= await LinearProgram.create(this.#condensed)
    this.#program.setObjective([problem.row])
    const seconds = (deadline - performance.now()) / 1000
    const { bound, point } = this.#program.solve(this.#signsOf(problem), seconds, true)
    const best = bound > problem.bound ? bound : problem.bound
    if (best > 0) {
      this.least = Math.min(this.least, best)
      return
    }
    // whatever becomes of the point, the sub-problem stays
    const isCutOff = performance.now() > deadline
    if (problem.next >= 0 || isCutOff) this.#open.push({ ...problem, bound: best, stalled: 0 })
    else this.leastLeft = Math.min(this.leastLeft, best)
    if (point) this.#tryPoint(point)
  }

  /** @returns undefined where that has to be tried */
  #kindFor(problem: SubProblem): SplitKind | undefined {
    const isWorthHalving = problem.bound < -WORTH_HALVING * this.#bounds.slackOf(problem.row)
    if (!this.#cells || problem.next < 0 || !isWorthHalving) return 'neuron'
    const open = this.#bounds.openIn(problem)
    this.#kinds.count(open)
    return this.#kinds.kindFor(open)
  }

  /** @returns undefined if the problem is one for an LP */
  #split(problem: SubProblem, kind: SplitKind, isStuck: boolean): Split | undefined {
    const halved = kind === 'input' && problem.next >= 0 ? splitBox(this.#cells!, this.#condensed, problem) : undefined
    return halved ?? (isStuck ? undefined : splitNeuron(problem))
  }

  /** Dives from a sub-problem twice, with splits of one kind each, and keeps the leaves of the better one. */
  #tryKinds(problem: SubProblem, deadline: number): void {
    const [neuron, input] = splitKinds.map((kind) => ({ kind, ...this.#dive(problem, kind, deadline) }))
    const isBetter = input!.least === neuron!.least ? input!.splits < neuron!.splits : input!.least > neuron!.least
    const { kind, leaves } = isBetter ? input! : neuron!
    this.#kinds.decide(this.#bounds.openIn(problem), kind, neuron!.splits + input!.splits)
    this.#keep(leaves)
  }

  /**
   * Splits a sub-problem, then the worse of its sides, and so on: what that gains says how deep a tree has to be. What
   * has no open neuron left counts as closed, since one LP settles it.
   */
  #dive(problem: SubProblem, kind: SplitKind, deadline: number): Dive {
    const leaves: Bounded[] = []
    let splits = 0
    let worst: SubProblem | undefined = problem
    while (worst && splits < TRIAL && performance.now() <= deadline) {
      const split = this.#split(worst, kind, false)
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

  #boundSplits(splits: readonly Split[], kind: SplitKind, deadline: number): Bounded[] {
    const closed = splits.flatMap((split) => split.closed)
    this.count += closed.length
    const open = splits.flatMap((split) => split.open)
    return [
      ...closed.map((bound) => ({ bound, open: undefined })),
      ...this.#bound(open, STEPS[kind], kind === 'neuron', deadline),
    ]
  }

  #bound(problems: readonly SubProblem[], steps: number, tries: boolean, deadline: number): Bounded[] {
    this.count += problems.length
    return this.#bounds.bound(problems, steps, tries, deadline)
  }

  #keep(bounded: readonly Bounded[]): void {
    for (const { bound, open } of bounded) {
      if (open) this.#open.push(open)
      else this.least = Math.min(this.least, bound)
    }
  }

  /** Phases, and for neurons that bounds have settled their signs. */
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
