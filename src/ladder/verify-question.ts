/**
 * One question, answered by an executor. Cheap methods come first, and proofs before attacks: a few points; intervals; one
 * start of projected gradient descent; adaptive and optimised slopes of single constraints (search/narrow.ts); then, for
 * the cases that are still open, more starts and points, and the complete search.
 * Images climb the steps of steps/ instead: docs/decisions.md says why.
 * Sound: yes; a counterexample is run through the graph itself. Complete: given time and memory, except where a minimum
 * is within rounding of 0.
 */
import type { Executor } from '../jobs/executor.ts'
import { inline } from '../jobs/inline.ts'
import { Deadline } from '../base/deadline.ts'
import type { Condensed } from '../search/system/condensed.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { UserError, unknownName } from '../base/errors.ts'
import { requireOrder } from '../model/ending.ts'
import { type Graph, sizesOf } from '../model/graph.ts'
import { condense } from '../search/condense/condense.ts'
import { type Counterexample, runCandidate } from '../region/counterexample.ts'
import { withEngine } from '../device/wasm/engines.ts'
import { falsify } from '../attacks/graph-attack.ts'
import { reasonOf } from '../search/undecided.ts'
import { withMargins } from '../region/margins-graph.ts'
import { MilpSearch } from '../search/milp/solve-milp.ts'
import { type Bounded, casesOf, narrowByAlpha, narrowByCrown, narrowByIntervals } from '../search/narrow.ts'
import { optimiseSlopes } from '../search/slopes.ts'
import { ParallelSearch } from '../search/branch/parallel-search.ts'
import {
  type Outcome,
  type ProofMethod,
  type Question,
  checkQuestion,
  completeMethods,
  requireBallsSearchable,
} from '../region/question.ts'
import { affordable, pointsOf } from '../attacks/sample.ts'
import { type Contender, takeTurns } from '../search/branch/turns.ts'

/** One of the complete searches, or both in turn where the condensed network is small. */
export const searchChoices = ['auto', ...completeMethods] as const
export type SearchChoice = (typeof searchChoices)[number]

export interface VerifyOptions {
  /** Seconds for all of it, > 0. */
  readonly timeout: number
  /** Who takes part in a long branch and bound: by default the calling thread, which does all the rest. */
  readonly executor?: Executor | undefined
  /** Ends the verification, which then throws its reason. */
  readonly signal?: AbortSignal | undefined
  /** Decides the starts of the attack. */
  readonly seed: number
  /** By default 'auto'. */
  readonly complete?: SearchChoice
  /** Called every round of branch and bound: sub-problems done and open, and the least bound of the open ones. */
  readonly onProgress?: ((done: number, open: number, bound: number) => void) | undefined
}

/** Points before any proof, and before the search: multiplications that they may take, and the most of them. */
const FIRST_POINTS = [2e6, 200] as const
const POINTS = [1e9, 20_000] as const
/** Starts of projected gradient descent, before any slopes and before the search, and its steps. */
const [FIRST_STARTS, STARTS, STEPS] = [1, 20, 40]
/** Share of the time that each attack may take. */
const ATTACK_SHARE = 0.1
/** Neurons up to which MILP takes its turns. */
const FEW_NEURONS = 40

/**
 * Whether any input of the region has unsafe outputs.
 * @throws UserError for a question or limits that make no sense, if memory does not suffice, or if a worker dies
 */
export async function verifyQuestion(graph: Graph, question: Question, options: VerifyOptions): Promise<Outcome> {
  const { timeout, complete = 'auto' } = options
  if (!(timeout > 0)) throw new UserError(`the timeout must be a positive number of seconds, not ${timeout}`)
  if (!searchChoices.includes(complete)) throw unknownName('complete method', complete, searchChoices)
  if (question.ball && complete !== 'auto') requireBallsSearchable(complete)
  const sizes = sizesOf(graph)
  checkQuestion(question, sizes[0], sizes.at(-1)!)
  requireOrder(graph, question.unsafe.flat())
  return withEngine((engine) => new Verification(engine, graph, question, options).run())
}

class Verification {
  readonly #engine: Engine
  readonly #graph: Graph
  readonly #question: Question
  readonly #options: VerifyOptions
  readonly #deadline: Deadline
  /** What is proved of the least margin. */
  #bound = -Infinity

  constructor(engine: Engine, graph: Graph, question: Question, options: VerifyOptions) {
    this.#engine = engine
    this.#graph = graph
    this.#question = question
    this.#options = options
    this.#deadline = Deadline.in(1000 * options.timeout, options.signal)
  }

  async run(): Promise<Outcome> {
    try {
      const found = this.#tryPoints(FIRST_POINTS, this.#deadline)
      return found ? vulnerable('pgd', found) : await this.#decide()
    } catch (error) {
      return { verdict: 'undecided', bound: this.#bound, reason: reasonOf(error) }
    }
  }

  async #decide(): Promise<Outcome> {
    const [engine, deadline] = [this.#engine, this.#deadline]
    const intervals = narrowByIntervals(engine, this.#graph, this.#question, deadline)
    this.#bound = intervals.bound
    if (intervals.question.unsafe.length === 0) return robust(intervals.method, intervals.closed)
    await deadline.giveTurn()
    const first = this.#descend(intervals.question, FIRST_STARTS)
    if (first) return vulnerable('pgd', first)
    await deadline.giveTurn()
    let bounded = narrowByCrown(engine, this.#graph, intervals, deadline)
    this.#bound = bounded.bound
    await deadline.giveTurn()
    if (bounded.question.unsafe.length > 0) bounded = narrowByAlpha(engine, bounded, deadline)
    this.#bound = bounded.bound
    if (bounded.question.unsafe.length === 0) return robust(bounded.method, bounded.closed)
    await deadline.giveTurn()
    // on the cases that are still open
    const found = this.#descend(bounded.question, STARTS) ?? this.#tryPoints(POINTS, this.#endOfAttack())
    return found ? vulnerable('pgd', found) : this.#search(bounded)
  }

  #descend(open: Question, restarts: number): Counterexample | undefined {
    const end = this.#endOfAttack()
    let found: Counterexample | undefined
    falsify(withMargins(this.#graph, open), open, {
      ...{ restarts, steps: STEPS, seed: this.#options.seed },
      stop: () => end.isOver(),
      accept: (point) => (found = this.#try(point)) !== undefined,
    })
    return found
  }

  #endOfAttack(): Deadline {
    return this.#deadline.orIn(1000 * this.#options.timeout * ATTACK_SHARE)
  }

  async #search(bounded: Bounded): Promise<Outcome> {
    const { complete = 'auto', executor = inline, onProgress } = this.#options
    const system = casesOf(bounded)
    const isCounterexample = (point: Float64Array) => this.#try(point) !== undefined
    const contenders: Contender[] = []
    let { closed } = bounded
    if (complete !== 'milp') {
      const margins = this.#marginsOf(bounded)
      closed = Math.min(closed, margins.closed)
      if (margins.condensed.cases.length === 0) return robust('alpha', closed)
      const search = new ParallelSearch(this.#engine, margins.condensed, {
        ...{ executor, isCounterexample, onProgress },
      })
      contenders.push({ method: 'bab', search })
    }
    const isSmall = system.neurons <= FEW_NEURONS && !system.ball
    if (complete === 'milp' || (complete === 'auto' && isSmall)) {
      contenders.push({ method: 'milp', search: new MilpSearch(system, isCounterexample) })
    }
    try {
      const { result, method } = await takeTurns(contenders, this.#deadline)
      if (result.verdict === 'vulnerable') return vulnerable(method, this.#try(result.point)!)
      if (result.verdict === 'robust') return robust(method, Math.min(closed, result.margin))
      return { ...result, bound: Math.max(this.#bound, Math.min(closed, result.bound)) }
    } finally {
      for (const { search } of contenders) await search.close()
    }
  }

  /** The system with one row for each open case: where a case has several constraints, their maximum is neurons more. */
  #marginsOf(bounded: Bounded): { readonly condensed: Condensed; readonly closed: number } {
    const { question } = bounded
    if (question.unsafe.every((constraints) => constraints.length === 1)) {
      return { condensed: casesOf(bounded), closed: Infinity }
    }
    const [engine, deadline] = [this.#engine, this.#deadline]
    const adaptive = condense(engine, withMargins(this.#graph, question), question, { deadline })
    const { condensed, margins } = optimiseSlopes(engine, adaptive, deadline)
    return { condensed, closed: margins.reduce((least, m) => (m > 0 ? Math.min(least, m) : least), Infinity) }
  }

  #tryPoints([multiplications, most]: readonly [number, number], end: Deadline): Counterexample | undefined {
    const count = affordable(this.#graph, multiplications, most)
    for (const point of pointsOf(this.#question, count, this.#options.seed)) {
      const found = this.#try(point)
      if (found || end.isOver()) return found
    }
    return undefined
  }

  /** Runs a point through the network itself. */
  #try(point: Float64Array): Counterexample | undefined {
    return runCandidate(this.#graph, this.#question, point)
  }
}

const vulnerable = (method: ProofMethod, { point, outputs }: Counterexample): Outcome => ({
  ...{ verdict: 'vulnerable', method, point, outputs },
})

/** @param margin the least of the closed cases; it is Infinity only if there was none, and a question has at least one */
const robust = (method: ProofMethod, margin: number): Outcome =>
  margin < Infinity
    ? { verdict: 'robust', method, margin }
    : { verdict: 'undecided', bound: -Infinity, reason: 'precision' }
