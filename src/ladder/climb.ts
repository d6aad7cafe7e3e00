/**
 * The ladder of proofs in float64, cheap first, each step only on what the last left open: adaptive slopes → optimised
 * slopes → complete search. In the calling thread, one question at a time.
 * Sound: yes; a counterexample is run through the graph itself. Complete: with the last step, given time and memory.
 */
import { reasonOf } from '../search/undecided.ts'
import type { Engine } from '../device/wasm/engine.ts'
import { type Graph, evaluateGraph } from '../model/graph.ts'
import { branchAndBound } from '../search/branch/branch-and-bound.ts'
import { type Root, condense } from '../search/condense/condense.ts'
import { runCandidate } from '../region/counterexample.ts'
import { withMargins } from '../region/margins-graph.ts'
import { withEngine } from '../device/wasm/engines.ts'
import { solveMilp } from '../search/milp/solve-milp.ts'
import { optimiseSlopes } from '../search/slopes.ts'
import { roughOutputBounds } from '../search/condense/output-bounds.ts'
import { hasErrors, widened } from '../search/presolve.ts'
import {
  type CompleteMethod,
  type CompleteResult,
  type Outcome,
  type ProofMethod,
  type Question,
  requireBallsSearchable,
} from '../region/question.ts'

/** Which steps are to be taken; adaptive slopes are the start of every later one. */
export interface ClimbSteps {
  readonly crown: boolean
  readonly alpha: boolean
  readonly complete: CompleteMethod | undefined
}

export interface ClimbLimits {
  /** Seconds for all of it. */
  readonly timeout: number
}

export interface Climbed {
  readonly outcome: Outcome
  /** What was tried, cheapest first. `bound`: what it proved of the margin. */
  readonly steps: readonly { readonly method: ProofMethod; readonly seconds: number; readonly bound: number }[]
}

/** Takes a step and notes what it gave. */
type Take = <T>(method: ProofMethod, work: () => T | Promise<T>, boundOf: (result: T) => number) => Promise<T>

const leastOf = ({ margins }: Root) => margins.reduce((least, margin) => Math.min(least, margin), Infinity)

/** Adaptive slopes, then optimised ones if they leave a case open. @throws TimeIsUp past the deadline */
async function boundMargins(
  engine: Engine,
  withQuestion: Graph,
  question: Question,
  alpha: boolean,
  deadline: number,
  take: Take,
): Promise<{ readonly root: Root; readonly method: 'crown' | 'alpha' }> {
  const root = await take('crown', () => condense(engine, withQuestion, question, deadline), leastOf)
  if (!alpha || leastOf(root) > 0) return { root, method: 'crown' }
  return { root: await take('alpha', () => optimiseSlopes(engine, root, deadline), leastOf), method: 'alpha' }
}

/** @throws UserError if the engine runs out of memory, or for a method that cannot do the question */
export async function climb(
  graph: Graph,
  question: Question,
  steps: ClimbSteps,
  limits: ClimbLimits,
): Promise<Climbed> {
  if (question.ball && steps.complete) requireBallsSearchable(steps.complete)
  return withEngine((engine) => climbWith(engine, graph, question, steps, limits))
}

async function climbWith(
  engine: Engine,
  graph: Graph,
  question: Question,
  steps: ClimbSteps,
  { timeout }: ClimbLimits,
): Promise<Climbed> {
  const deadline = performance.now() + 1000 * timeout
  const done: { method: ProofMethod; seconds: number; bound: number }[] = []
  let best = -Infinity
  const take: Take = async (method, work, boundOf) => {
    const started = performance.now()
    const result = await work()
    best = Math.max(best, boundOf(result))
    done.push({ method, seconds: (performance.now() - started) / 1000, bound: best })
    return result
  }
  const finish = (outcome: Outcome): Climbed => ({ outcome, steps: done })
  try {
    const alpha = steps.alpha || steps.complete !== undefined
    const asked = hasErrors(question)
      ? widened(question, roughOutputBounds(engine, graph, question, deadline))
      : question
    const { root, method } = await boundMargins(engine, withMargins(graph, asked), asked, alpha, deadline, take)
    if (leastOf(root) > 0) return finish(proved(method, leastOf(root)))
    if (!steps.complete) return finish({ verdict: 'undecided', bound: leastOf(root), reason: 'incomplete' })
    const { complete } = steps
    const { condensed } = root
    const isCounterexample = (point: Float64Array) => runCandidate(graph, question, point) !== undefined
    const search = (): Promise<CompleteResult> =>
      complete === 'milp'
        ? solveMilp(condensed, { timeout: Math.max(0, (deadline - performance.now()) / 1000), isCounterexample })
        : branchAndBound(engine, condensed, { deadline, isCounterexample })
    const result = await take(complete, search, (found) => leastAfter(root, found))
    return finish(outcomeOf(result, graph, root, complete))
  } catch (error) {
    return finish({ verdict: 'undecided', bound: best, reason: reasonOf(error) })
  }
}

/** A proof, if its margin is one. */
const proved = (method: ProofMethod, margin: number): Outcome =>
  margin > 0 && margin < Infinity
    ? { verdict: 'robust', method, margin }
    : { verdict: 'undecided', bound: -Infinity, reason: 'precision' }

/** What is proved of the least margin after a search over the cases that the root left open. */
function leastAfter(root: Root, result: CompleteResult): number {
  const closed = root.margins.reduce((least, margin) => (margin > 0 ? Math.min(least, margin) : least), Infinity)
  if (result.verdict === 'robust') return Math.min(result.margin, closed)
  return result.verdict === 'undecided' ? Math.max(leastOf(root), Math.min(result.bound, closed)) : leastOf(root)
}

function outcomeOf(result: CompleteResult, graph: Graph, root: Root, method: CompleteMethod): Outcome {
  if (result.verdict === 'robust') return proved(method, leastAfter(root, result))
  if (result.verdict === 'undecided') {
    return { verdict: 'undecided', bound: leastAfter(root, result), reason: result.reason }
  }
  return { verdict: 'vulnerable', method, point: result.point, outputs: outputsAt(graph, result.point) }
}

const outputsAt = (graph: Graph, point: Float64Array) => evaluateGraph(graph, point).at(-1)!
