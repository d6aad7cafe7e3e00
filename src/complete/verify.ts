/**
 * One question, answered with all workers: attack, then adaptive and optimised slopes in the calling thread, then
 * branch and bound whose open sub-problems are dealt out anew every round.
 * Sound and complete as ladder.ts says.
 */
import { Engine } from '../engine/engine.ts'
import { WorkerPool, scriptBeside } from '../engine/pool.ts'
import { UserError, unknownName } from '../errors.ts'
import { type Graph, evaluateGraph } from '../networks/graph.ts'
import type { Condensed } from './condensed.ts'
import { runCandidate } from './counterexample.ts'
import { falsify } from './falsify.ts'
import { boundMargins, climb, outcomeOf, proved, reasonOf } from './ladder.ts'
import { withMargins } from './margins-graph.ts'
import {
  type CompleteMethod,
  type CompleteResult,
  type Outcome,
  type Question,
  completeMethods,
  requireBallsSearchable,
} from './question.ts'
import type { Explored, SearchJob } from './search-worker.ts'
import { Search, type SubProblem, bytesOf } from './search.ts'

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
/** Milliseconds of the first search, in this thread, and of each round. */
const ALONE = 300
const ROUND = 400
/** Most sub-problems per worker and round. */
const SHARE = 512
/** Bytes that open sub-problems may take. */
const MEMORY = 2 ** 31

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
    const limits = { timeout: (deadline - performance.now()) / 1000, seed }
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
    const { condensed } = root
    const result = await searchInParallel(engine, condensed, { deadline, workers, isCounterexample, onProgress })
    return outcomeOf(result, graph, root, complete)
  } catch (error) {
    return { verdict: 'undecided', bound: best, reason: reasonOf(error) }
  }
}

interface ParallelOptions extends Pick<VerifyOptions, 'workers' | 'onProgress'> {
  readonly deadline: number
  readonly isCounterexample: (point: Float64Array) => boolean
}

async function searchInParallel(
  engine: Engine,
  condensed: Condensed,
  options: ParallelOptions,
): Promise<CompleteResult> {
  const { deadline, workers, isCounterexample, onProgress } = options
  // most questions are answered before workers could start
  const first = new Search(engine, condensed, { isCounterexample })
  first.addRoots(deadline)
  await first.explore(Math.min(deadline, performance.now() + ALONE))
  first.close()
  if (first.point) return { verdict: 'vulnerable', point: first.point }
  let { least, leastLeft, count } = first
  let open = first.takeOpen()
  if (open.length > 0) {
    const pool = new WorkerPool(scriptBeside(import.meta.url, './search-worker'), workers, condensed)
    try {
      while (open.length > 0) {
        onProgress?.(count, open.length, open[0]!.bound)
        const left = deadline - performance.now()
        const bound = Math.min(least, leastLeft, open[0]!.bound)
        if (left <= 0) return { verdict: 'undecided', bound, reason: 'timeout' }
        if (open.length * bytesOf(condensed) > MEMORY) return { verdict: 'undecided', bound, reason: 'memory' }
        const { shares, rest } = deal(open, workers)
        const job: SearchJob = { shares, milliseconds: Math.min(ROUND, left) }
        const results = await pool.run<Explored>('explore', job, shares.length)
        const point = results.flatMap(({ candidates }) => candidates).find(isCounterexample)
        if (point) return { verdict: 'vulnerable', point }
        for (const explored of results) {
          least = Math.min(least, explored.least)
          leastLeft = Math.min(leastLeft, explored.leastLeft)
          count += explored.count
        }
        open = [...rest, ...results.flatMap((explored) => explored.open)].toSorted((a, b) => a.bound - b.bound)
      }
    } finally {
      await pool.close()
    }
  }
  if (leastLeft === Infinity) return { verdict: 'robust', margin: least }
  return { verdict: 'undecided', bound: Math.min(least, leastLeft), reason: 'precision' }
}

/** Deals the worst sub-problems to workers in turn. */
function deal(open: readonly SubProblem[], workers: number): { shares: SubProblem[][]; rest: SubProblem[] } {
  const shares: SubProblem[][] = Array.from({ length: Math.min(workers, open.length) }, () => [])
  const dealt = Math.min(open.length, SHARE * shares.length)
  for (let i = 0; i < dealt; i++) shares[i % shares.length]!.push(open[i]!)
  return { shares, rest: open.slice(dealt) }
}
