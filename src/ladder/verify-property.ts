/** One instance of verification: a network and a property, which is a question for each of its boxes of inputs. */
import type { Executor } from '../jobs/executor.ts'
import { Deadline } from '../base/deadline.ts'
import type { Property } from '../formats/vnnlib/property.ts'
import type { BoxQuestion } from '../formats/vnnlib/regions.ts'
import { endOutputs } from '../model/ending.ts'
import type { Graph } from '../model/graph.ts'
import { type Counterexample, confirmCounterexample, runCandidate } from '../region/counterexample.ts'
import { withEngine } from '../device/wasm/engines.ts'
import { proveTogether } from '../search/many.ts'
import { type Outcome, type ProofMethod, type Question, proofMethods } from '../region/question.ts'
import { affordable, pointsOf } from '../attacks/sample.ts'
import { withWatched } from './watched.ts'

export interface VerifierOptions {
  /** Seconds, > 0 */
  readonly timeout: number
  /** Who takes part in long searches. */
  readonly executor?: Executor | undefined
  /** Ends the verification, which then throws its reason. */
  readonly signal?: AbortSignal | undefined
  readonly seed: number
}

/** Decides a question if it can; every case of the question has a constraint. */
export type Verifier = (graph: Graph, question: Question, options: VerifierOptions) => Promise<Outcome>

/** unsat: no unsafe input exists, proved. sat: there is one. timeout, unknown: not decided. */
export type Verdict = 'unsat' | 'sat' | 'timeout' | 'unknown'

export interface PropertyResult {
  readonly verdict: Verdict
  /** What decided it: of several boxes, the most costly one. Undefined if it took none, or is not decided. */
  readonly method: ProofMethod | undefined
  /**
   * unsat: proved, the outputs are at least this far (> 0) from unsafe. sat: distance of the counterexample, ≤ 0. Else
   * the best lower bound known. Undefined if there is none.
   */
  readonly bound: number | undefined
  /** Why it is not decided. */
  readonly reason: (Outcome & { readonly verdict: 'undecided' })['reason'] | undefined
  /** Of sat: it passed its re-run in float64. */
  readonly counterexample: Counterexample | undefined
  /** No input can meet the property, whatever the network. */
  readonly isEmpty?: boolean
}

/** Less time than this is none: a verifier could not even begin. And the least share of the time, in seconds. */
const LEAST_SECONDS = 1e-3
const LEAST_SHARE = 0.02
/** Seconds that trying many boxes may take, if half of the time is less. */
const LEAST_TRYING = 10
/** Of many boxes: multiplications that points of all of them may take, and the most points of one. */
const POINTS = [2e7, 20] as const

/**
 * Asks a verifier about every box of the property. As sound and complete as that verifier.
 * Of several boxes all are tried first, at a few points each, then bounded together (many.ts). The time left is shared:
 * each box gets an equal part, and what some do not need goes to those that are still open, as long as this decides any.
 * @param property of this network (`checkProperty`)
 * @throws Error if the verifier fails, or if a counterexample of its does not pass the re-run
 */
export async function verifyProperty(
  graph: Graph,
  { regions, watched, outputs }: Property,
  verify: Verifier,
  options: VerifierOptions,
): Promise<PropertyResult> {
  const result = await verifyRegions(withWatched(graph, watched), regions, verify, options)
  const { counterexample: found } = result
  return { ...result, counterexample: found && { ...found, outputs: found.outputs.slice(0, outputs) } }
}

async function verifyRegions(
  graph: Graph,
  regions: readonly BoxQuestion[],
  verify: Verifier,
  options: VerifierOptions,
): Promise<PropertyResult> {
  const end = Deadline.in(1000 * options.timeout, options.signal)
  const found = regions.length > 1 ? tryAll(graph, regions, options) : undefined
  if (found) return found
  const outcomes: (Outcome | undefined)[] =
    regions.length > 1 && regions.every(hasConstraints)
      ? await withEngine(async (engine) => proveTogether(engine, graph, regions, end))
      : regions.map(() => undefined)
  const isOpen = (i: number) => {
    const outcome = outcomes[i]
    return outcome === undefined || (outcome.verdict === 'undecided' && outcome.reason === 'timeout')
  }
  for (let before = Infinity, open = [...regions.keys()].filter(isOpen); open.length > 0 && open.length < before;) {
    before = open.length
    for (const [done, i] of open.entries()) {
      await end.giveTurn()
      const left = end.left() / 1000
      if (left < LEAST_SECONDS) break
      const timeout = Math.min(left, Math.max(LEAST_SHARE, left / (open.length - done)))
      const outcome = await ask(graph, regions[i], verify, { ...options, timeout })
      if (outcome.verdict === 'vulnerable') return sat(graph, regions[i], outcome)
      outcomes[i] = outcome
    }
    open = open.filter(isOpen)
  }
  return regions.length === 0 ? { ...summarise(outcomes), isEmpty: true } : summarise(outcomes)
}

/** A few points of every box, also where time is short, since what nothing was tried on is no timeout. */
function tryAll(
  graph: Graph,
  regions: readonly Question[],
  { timeout, seed, signal }: VerifierOptions,
): PropertyResult | undefined {
  const end = Deadline.in(1000 * Math.max(LEAST_TRYING, timeout / 2), signal)
  const [multiplications, most] = POINTS
  const count = affordable(graph, multiplications / regions.length, most)
  for (const region of regions) {
    for (const point of pointsOf(region, count, seed)) {
      const outputs = runCandidate(graph, region, point)?.outputs
      if (outputs) return sat(graph, region, { verdict: 'vulnerable', method: 'pgd', point, outputs })
    }
    if (end.isOver()) break
  }
  return undefined
}

/** Whether every case has one. */
const hasConstraints = ({ unsafe }: BoxQuestion) => unsafe.every((constraints) => constraints.length > 0)

/** Where a case has no constraints, any point of the box should be unsafe: verifiers need not know. */
async function ask(graph: Graph, question: BoxQuestion, verify: Verifier, options: VerifierOptions): Promise<Outcome> {
  if (hasConstraints(question)) return verify(graph, question, options)
  const { lower, upper } = question.asked
  const point = lower.map((end, i) => end / 2 + upper[i] / 2)
  const outputs = runCandidate(graph, question, point)?.outputs
  if (outputs) return { verdict: 'vulnerable', method: 'clean', point, outputs }
  return { verdict: 'undecided', bound: -Infinity, reason: 'precision' }
}

function sat(graph: Graph, question: Question, { method, point }: Outcome & { verdict: 'vulnerable' }): PropertyResult {
  const confirmed = confirmCounterexample(graph, question, point)
  const counterexample = { ...confirmed, outputs: endOutputs(graph.ending, confirmed.outputs) }
  return { verdict: 'sat', method, bound: finite(counterexample.distance), reason: undefined, counterexample }
}

function summarise(outcomes: readonly (Outcome | undefined)[]): PropertyResult {
  let [bound, method, reason]: [number, number, PropertyResult['reason']] = [Infinity, -1, undefined]
  for (const outcome of outcomes) {
    if (outcome?.verdict === 'robust') {
      bound = Math.min(bound, outcome.margin)
      method = Math.max(method, proofMethods.indexOf(outcome.method))
    } else {
      bound = Math.min(bound, outcome?.verdict === 'undecided' ? outcome.bound : -Infinity)
      const why = outcome?.verdict === 'undecided' ? outcome.reason : 'timeout'
      if (reason !== 'timeout') reason = why
    }
  }
  return {
    verdict: reason === undefined ? 'unsat' : reason === 'timeout' ? 'timeout' : 'unknown',
    method: reason === undefined ? proofMethods[method] : undefined,
    bound: finite(bound),
    reason,
    counterexample: undefined,
  }
}

const finite = (bound: number) => (Number.isFinite(bound) ? bound : undefined)
