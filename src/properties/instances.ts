/** One instance of verification: a network and a property, which is a question for each of its boxes of inputs. */
import type { Property } from '../formats/vnnlib/property.ts'
import type { Graph } from '../networks/graph.ts'
import { type Counterexample, confirmCounterexample } from '../complete/counterexample.ts'
import { type Outcome, type ProofMethod, type Question, proofMethods } from '../complete/question.ts'

export interface VerifierOptions {
  /** Seconds, > 0 */
  readonly timeout: number
  readonly workers: number
  readonly seed: number
}

/** Decides a question if it can; every case of the question has a constraint. */
export type Verifier = (graph: Graph, question: Question, options: VerifierOptions) => Promise<Outcome>

/** unsat: no unsafe input exists, proved. sat: there is one. timeout, unknown: not decided. */
export type Verdict = 'unsat' | 'sat' | 'timeout' | 'unknown'

export interface InstanceResult {
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
}

/** Less time than this is none: a verifier could not even begin. */
const LEAST_SECONDS = 1e-3

/**
 * Asks for every box of the property, whatever the verifier: sound and complete as it is.
 * The time is shared: each box gets an equal part of what is left, and what some do not need goes to those that are
 * still open, as long as this decides any.
 * @param property of this network (`checkProperty`)
 * @throws Error if the verifier fails, or if a counterexample of its does not pass the re-run
 */
export async function verifyInstance(
  graph: Graph,
  { regions }: Property,
  verify: Verifier,
  options: VerifierOptions,
): Promise<InstanceResult> {
  const end = performance.now() + 1000 * options.timeout
  const outcomes: (Outcome | undefined)[] = regions.map(() => undefined)
  const isOpen = (outcome: Outcome | undefined) =>
    outcome === undefined || (outcome.verdict === 'undecided' && outcome.reason === 'timeout')
  for (let before = Infinity, open = [...regions.keys()]; open.length > 0 && open.length < before;) {
    before = open.length
    for (const [done, i] of open.entries()) {
      const timeout = (end - performance.now()) / 1000 / (open.length - done)
      if (timeout < LEAST_SECONDS) break
      const outcome = await ask(graph, regions[i], verify, { ...options, timeout })
      if (outcome.verdict === 'vulnerable') return sat(graph, regions[i], outcome)
      outcomes[i] = outcome
    }
    open = open.filter((i) => isOpen(outcomes[i]))
  }
  return summarise(outcomes)
}

/** A case without constraints is unsafe for every output: verifiers need not know. */
async function ask(graph: Graph, question: Question, verify: Verifier, options: VerifierOptions): Promise<Outcome> {
  if (question.unsafe.every((constraints) => constraints.length > 0)) return verify(graph, question, options)
  return { verdict: 'vulnerable', method: 'clean', point: question.lower, outputs: new Float64Array() }
}

function sat(graph: Graph, question: Question, { method, point }: Outcome & { verdict: 'vulnerable' }): InstanceResult {
  const counterexample = confirmCounterexample(graph, question, point)
  return { verdict: 'sat', method, bound: finite(counterexample.distance), reason: undefined, counterexample }
}

function summarise(outcomes: readonly (Outcome | undefined)[]): InstanceResult {
  let [bound, method, reason]: [number, number, InstanceResult['reason']] = [Infinity, -1, undefined]
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
