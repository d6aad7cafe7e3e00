/**
 * One question, answered with all workers: attack, then adaptive and optimised slopes in the calling thread, then
 * branch and bound whose open sub-problems are dealt out anew every round.
 * Sound and complete as ladder.ts says.
 */
import { Engine } from '../engine/engine.ts'
import { UserError, unknownName } from '../errors.ts'
import { type Graph, evaluateGraph } from '../networks/graph.ts'
import { runCandidate } from './counterexample.ts'
import { falsify } from './falsify.ts'
import { boundMargins, climb, outcomeOf, proved, reasonOf } from './ladder.ts'
import { withMargins } from './margins-graph.ts'
import { ParallelSearch } from './parallel-search.ts'
import {
  type CompleteMethod,
  type Outcome,
  type Question,
  completeMethods,
  requireBallsSearchable,
} from './question.ts'

export interface VerifyOptions {
  /** Seconds for all of it, > 0. */
  readonly timeout: number
  readonly workers: number
  /** Decides the starts of the attack. */
  readonly seed: number
  /** By default branch and bound; MILP runs in one thread. */
  readonly complete?: CompleteMethod
  /** Called every round of the search: sub-problems done and open, and the least bound of the open ones. */
  readonly onProgress?: ((done: number, open: number, bound: number) => void) | undefined
}

/** The attack before any proof: short, since the search attacks as well. */
const ATTACK = { restarts: 20, steps: 40 }
/** Share of the time that the attack may take. */
const ATTACK_SHARE = 0.1

/**
 * Whether any input of the region has unsafe outputs.
 * @throws UserError for a question or limits that make no sense, if memory does not suffice, or if a worker dies
 */
export async function verifyQuestion(graph: Graph, question: Question, options: VerifyOptions): Promise<Outcome> {
  const { timeout, workers, seed, complete = 'bab', onProgress } = options
  if (!(timeout > 0)) throw new UserError(`the timeout must be a positive number of seconds, not ${timeout}`)
  if (!(Number.isInteger(workers) && workers > 0)) throw new UserError(`there can be no ${workers} workers`)
  if (!completeMethods.includes(complete)) throw unknownName('complete method', complete, completeMethods)
  if (question.ball) requireBallsSearchable(complete)
  const deadline = performance.now() + 1000 * timeout
  const attackEnd = performance.now() + 1000 * timeout * ATTACK_SHARE
  const outputsAt = (point: Float64Array) => evaluateGraph(graph, point).at(-1)!
  const isCounterexample = (point: Float64Array) => runCandidate(graph, question, point) !== undefined
  const withQuestion = withMargins(graph, question)
  const point = falsify(withQuestion, question, { ...ATTACK, seed, stop: () => performance.now() > attackEnd })
  if (point && isCounterexample(point)) {
    return { verdict: 'vulnerable', method: 'pgd', point, outputs: outputsAt(point) }
  }
  if (complete === 'milp') {
    const limits = { timeout: (deadline - performance.now()) / 1000 }
    return (await climb(graph, question, { crown: true, alpha: true, complete }, limits)).outcome
  }
  let best = -Infinity
  try {
    const engine = await Engine.create()
    const { root, method } = await boundMargins(
      engine,
      withQuestion,
      question,
      true,
      deadline,
      async (_, work, boundOf) => {
        const result = await work()
        best = boundOf(result)
        return result
      },
    )
    if (best > 0) return proved(method, best)
    const search = new ParallelSearch(engine, root.condensed, { workers, isCounterexample, onProgress })
    try {
      return outcomeOf(await search.run(deadline), graph, root, complete)
    } finally {
      await search.close()
    }
  } catch (error) {
    return { verdict: 'undecided', bound: best, reason: reasonOf(error) }
  }
}
